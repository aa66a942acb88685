"""Cold items: their events are gone, their attributes are not, and whoever had one is asked for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regard.data.cold import hold_out_items, only_cold, without_items
from regard.data.dataset import Dataset
from regard.data.prepare import prepare
from regard.data.sources.public import read_public
from regard.data.split import SplitSpec, hold_out
from regard.data.target import TargetSpec
from regard.errors import ConfigError, SplitError

SMALL = [("a", "x", 0), ("b", "y", 1)]


@pytest.fixture(scope="module")
def films(shared_data: Path) -> Dataset:
    data = read_public("ml-100k", shared_data / "ml-100k")
    return prepare(data.events, items=data.items).dataset


def _log(rows: list[tuple[str, str, int]], kinds: list[str] | None = None) -> Dataset:
    columns = dict(zip(("user_id", "item_id", "timestamp"), map(list, zip(*rows, strict=True)), strict=True))
    return prepare(columns if kinds is None else columns | {"event_type": kinds}).dataset


def test_five_in_a_hundred_items_lose_all_their_events_and_keep_their_attributes(films: Dataset) -> None:
    held = hold_out_items(films, seed=1)

    assert held.cold_V.sum() == round(0.05 * len(films.items))
    assert not held.train.item_counts[held.cold_V].any()
    assert np.array_equal(held.train.item_counts[~held.cold_V], films.item_counts[~held.cold_V])
    assert held.train.items == films.items
    assert held.train.item_table.equals(films.item_table)


def test_each_user_is_asked_for_the_first_cold_item_with_the_warm_events_before_it(films: Dataset) -> None:
    held = hold_out_items(films)

    expected = {}
    for user in range(len(films.users)):
        items = films.histories.items_of(user)
        cold = np.flatnonzero(held.cold_V[items])
        before = items[: cold[0]] if len(cold) else []
        if len(before):
            expected[user] = (before.tolist(), items[cold[0]], films.histories.times_of(user)[cold[0]])
    asked = held.queries
    assert asked.user.tolist() == list(expected)
    for row, (before, target, time) in enumerate(expected.values()):
        assert asked.histories.items_of(row).tolist() == before
        assert (asked.target[row], asked.target_time[row]) == (target, time)
    assert asked.histories.user is not None
    assert asked.histories.user.tolist() == list(expected)


def test_the_seed_alone_decides_which_items(films: Dataset) -> None:
    first, again, other = (hold_out_items(films, seed=seed).cold_V for seed in (0, 0, 1))

    assert np.array_equal(first, again)
    assert (first & other).sum() < first.sum() / 2


def test_where_target_types_are_named_only_their_events_are_asked_for() -> None:
    rows = [("a", "x", 0), ("a", "y", 1), ("a", "z", 2), ("a", "y", 3), ("b", "x", 4)]
    dataset = _log(rows, kinds=["view", "view", "buy", "buy", "buy"]).asking(TargetSpec.of("buy"))
    held = next(
        held
        for held in (hold_out_items(dataset, share=0.3, seed=seed) for seed in range(20))
        if held.cold_V.tolist() == [False, True, False]
    )

    assert held.queries.histories.items_of(0).tolist() == [
        0,
        2,
    ]  # not before the view of y, but before it is bought
    assert held.queries.target_time.tolist() == [3 * 10**6]


def test_queries_of_a_split_by_time_are_reduced_to_those_for_new_items(films: Dataset) -> None:
    held = hold_out(films, SplitSpec())
    cold_V = held.train.item_counts == 0

    asked = only_cold(held.queries, cold_V)
    assert len(asked) == 12
    assert cold_V[asked.target].all()
    rows = np.flatnonzero(cold_V[held.queries.target])
    assert [asked.histories.items_of(row).tolist() for row in range(12)] == [
        held.queries.histories.items_of(row).tolist() for row in rows
    ]


def test_items_that_were_never_heard_of_leave_the_others_with_their_events_and_attributes(
    films: Dataset,
) -> None:
    gone_V = hold_out_items(films).cold_V
    known = without_items(films, gone_V)

    assert len(known.items) == (~gone_V).sum()
    assert known.item_table["item_id"].equals(known.items.ids.rename("item_id"))
    assert np.array_equal(known.item_counts, films.item_counts[~gone_V])
    for user in range(0, len(films.users), 50):
        whole = films.histories.items_of(user)
        ids = films.items.decode(whole[~gone_V[whole]])
        assert known.items.decode(known.histories.items_of(user)).equals(ids)
    with pytest.raises(SplitError, match="no event is left"):
        without_items(films, np.ones(len(gone_V), dtype=bool))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_makes_no_sense_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="share"):
        hold_out_items(_log(SMALL), share=share)


def test_a_log_that_leaves_nothing_or_nobody_is_refused() -> None:
    small = _log(SMALL)
    with pytest.raises(SplitError, match="nothing is left"):
        hold_out_items(small, share=0.9)
    with pytest.raises(SplitError, match="nobody to ask"):
        hold_out_items(small)
    with pytest.raises(SplitError, match="no events"):
        hold_out_items(small.part(replace(small.histories, stop=small.histories.start)))
