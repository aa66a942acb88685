"""Likeness: counted as by hand, with a user's own part taken out; unknown items and empty histories are zero."""

from __future__ import annotations

import numpy as np
import pytest

from regard.data.feedback import OUTCOME, Feedback
from regard.data.histories import Histories
from regard.data.impressions import Impressions
from regard.data.likeness import LIKENESS, Likeness

ITEMS, USERS = 12, 30


@pytest.fixture(scope="module")
def known() -> Feedback:
    """Thirty users, each of whom was shown some of twelve items, some of them twice."""
    rng = np.random.default_rng(0)
    count = 300
    return Feedback(
        user_N=rng.integers(USERS, size=count).astype(np.int32),
        item_N=rng.integers(ITEMS - 1, size=count).astype(np.int32),
        time_N=rng.permutation(count).astype(np.int64),
        outcome_N=rng.integers(2, size=count).astype(np.int8),
    )


def signs(known: Feedback) -> np.ndarray:
    """Return ``[USERS, ITEMS]`` 1 or -1 for what a user did last with an item, 0 for nothing."""
    made = np.zeros((USERS, ITEMS))
    for place in np.argsort(known.time_N):
        made[known.user_N[place], known.item_N[place]] = 1 if known.outcome_N[place] else -1
    return made


def by_hand(known: Feedback, user: int, item: int, history: list[int], outcome: list[int]) -> list[float]:
    others = signs(known)
    if user >= 0:
        others[user, item] = 0  # what the user did with the candidate itself says nothing
    met = (others[:, item] != 0).sum()
    likes = []
    for other in history:
        shared, count = others[:, item] @ others[:, other], (signs(known)[:, other] != 0).sum()
        alike = shared / (np.sqrt(met * count) + 10)
        likes.append(0.0 if other == item else alike)
    like, had = np.array(likes), np.array(outcome) > 0
    level, weight = (signs(known) > 0).sum() / (signs(known) != 0).sum(), np.abs(like).sum()
    positive = like[had]
    return [
        positive.mean() if had.any() else 0.0,
        np.where(had, like, 0).max(),
        like[-10:][had[-10:]].sum(),
        (like * (had - level)).sum() / (weight + 0.1),
        weight,
    ]


def histories(items: list[list[int]], outcomes: list[list[int]]) -> Histories:
    flat = [one for row in outcomes for one in row]
    made = Histories.of(items)
    return Histories(
        start=made.start,
        stop=made.stop,
        item=made.item,
        time=made.time,
        fields={OUTCOME: np.array(flat, dtype=np.int32)},
    )


def test_values_are_those_of_counting_by_hand_without_what_the_user_did_with_the_candidate(
    known: Feedback,
) -> None:
    rng = np.random.default_rng(1)
    users = [0, 3, -1, 7]
    shown = [[0, 4], [2], [5, 6, 1], [3]]
    items = [rng.integers(ITEMS - 1, size=size).tolist() for size in (3, 15, 6, 1)]
    outcomes = [rng.integers(2, size=len(row)).tolist() for row in items]
    outcomes[0] = [1, 0, 1]
    found = Likeness.of(known, items=ITEMS).beside(
        Impressions.of(shown, clicked=[[] for _ in shown], users=users), histories(items, outcomes)
    )
    expected = [
        by_hand(known, user, item, history, outcome)
        for user, row, history, outcome in zip(users, shown, items, outcomes, strict=True)
        for item in row
    ]
    np.testing.assert_allclose(np.stack(list(found.values()), axis=1), expected, rtol=1e-4, atol=1e-6)


def test_the_label_of_a_row_changes_nothing_that_is_read_for_it(known: Feedback) -> None:
    row = int(np.argmax(known.time_N))
    user, item = int(known.user_N[row]), int(known.item_N[row])
    turned = known.outcome_N.copy()
    turned[row] = 1 - turned[row]
    other = Feedback(user_N=known.user_N, item_N=known.item_N, time_N=known.time_N, outcome_N=turned)
    asked = Impressions.of([[item]], clicked=[[]], users=[user])
    before = histories([[(item + 1) % ITEMS, (item + 2) % ITEMS]], [[1, 0]])
    one, two = (Likeness.of(feedback, items=ITEMS).beside(asked, before) for feedback in (known, other))
    for name in ("likeness mean", "likeness highest", "likeness lately", "likeness weight"):
        np.testing.assert_allclose(one[name], two[name], atol=1e-6)


def test_nothing_is_known_of_unknown_items_items_nobody_met_and_without_a_history(known: Feedback) -> None:
    like = Likeness.of(known, items=ITEMS)
    asked = Impressions.of([[-1, ITEMS - 1], [0]], clicked=[[], []], users=[0, 1])
    found = like.beside(asked, Histories.of([[1, 2], []]))
    assert {name: value.tolist() for name, value in found.items()} == {
        key: [0.0, 0.0, 0.0] for key in LIKENESS
    }
    empty = Likeness.of(Feedback.nothing(), items=ITEMS).beside(asked, Histories.of([[1, 2], []]))
    assert all(not value.any() for value in empty.values())


def test_a_candidate_has_the_same_values_whoever_is_asked_for_beside_it(
    known: Feedback, monkeypatch: pytest.MonkeyPatch
) -> None:
    like = Likeness.of(known, items=ITEMS)
    shown = [[user % ITEMS] for user in range(20)]
    asked = Impressions.of(shown, clicked=[[] for _ in shown], users=list(range(20)))
    before = Histories.of([[(user + step) % ITEMS for step in range(user % 5 + 1)] for user in range(20)])
    whole = like.beside(asked, before)
    monkeypatch.setattr("regard.data.likeness._PAIRS", 4)
    for name, value in like.beside(asked, before).items():
        np.testing.assert_array_equal(value, whole[name])


def test_of_many_items_those_with_the_most_events_are_counted(
    known: Feedback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regard.data.likeness._MOST", 5)
    like = Likeness.of(known, items=ITEMS)
    met = (signs(known) != 0).sum(axis=0)
    assert like.shared_CC.shape == (5, 5)
    assert min(met[like.place_V >= 0]) >= max(met[like.place_V < 0])
