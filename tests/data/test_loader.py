"""Windows cover whole histories; an epoch depends on its number and the seed alone."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.data.histories import Histories
from regard.data.loader import LoaderConfig, WindowLoader


def distinct(lengths: list[int]) -> Histories:
    """Make histories in which every event has an item of its own."""
    ends = np.cumsum([0, *lengths]).tolist()
    return Histories.of([list(range(a, b)) for a, b in itertools.pairwise(ends)])


@settings(max_examples=50, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 30), min_size=1, max_size=8),
    window=st.integers(1, 12),
    epoch=st.integers(0, 5),
)
def test_every_event_but_the_first_of_a_history_is_asked_for_exactly_once(
    lengths: list[int], window: int, epoch: int
) -> None:
    histories = distinct(lengths)
    loader = WindowLoader(histories, LoaderConfig(window=window, batch_events=40), seed=1)
    asked: Counter[int] = Counter()
    for batch in loader.epoch(epoch):
        for user in range(batch.num_users):
            items = batch.item_T[batch.offsets[user] : batch.offsets[user + 1]].tolist()
            assert 2 <= len(items) <= window + 1
            assert items == list(range(items[0], items[0] + len(items))), "a window is one stretch"
            asked.update(items[1:])
    starts = np.cumsum([0, *lengths])
    expected = [start + k for start, n in zip(starts, lengths, strict=False) for k in range(1, n)]
    assert asked == Counter(expected)
    assert loader.num_targets == len(expected)


def test_long_histories_are_cut_at_other_places_in_another_epoch() -> None:
    loader = WindowLoader(distinct([100]), LoaderConfig(window=10), seed=0)
    cuts = [
        sorted(first for batch in loader.epoch(epoch) for first in batch.item_T[batch.offsets[:-1]].tolist())
        for epoch in range(3)
    ]
    assert len({tuple(cut) for cut in cuts}) > 1


def test_the_same_epoch_comes_back_and_can_be_entered_in_the_middle() -> None:
    histories = distinct([9, 3, 20, 2, 7, 15])
    config = LoaderConfig(window=5, batch_events=12)
    loader, again = (WindowLoader(histories, config, seed=4) for _ in range(2))
    whole = [batch.item_T.tolist() for batch in loader.epoch(2)]
    assert whole == [batch.item_T.tolist() for batch in again.epoch(2)]
    assert whole[3:] == [batch.item_T.tolist() for batch in again.epoch(2, skip=3)]
    assert len(whole) == again.steps(2)
    assert whole != [batch.item_T.tolist() for batch in again.epoch(3)]


@pytest.mark.parametrize("budget", [1, 8, 64])
def test_a_batch_stays_under_its_budget_unless_one_window_is_larger(budget: int) -> None:
    loader = WindowLoader(distinct([9, 3, 20, 2, 7, 15]), LoaderConfig(window=6, batch_events=budget), seed=0)
    for batch in loader.epoch(0):
        padded = batch.num_users * (int(batch.lengths.max()) - 1)
        assert padded <= budget or batch.num_users == 1


def test_a_batch_names_the_users_of_its_windows() -> None:
    loader = WindowLoader(distinct([1, 4, 0, 12]), LoaderConfig(window=3), seed=0)
    for batch in loader.epoch(0):
        for user, first in zip(batch.user_U.tolist(), batch.item_T[batch.offsets[:-1]].tolist(), strict=True):
            assert user == (1 if first < 5 else 3)


def test_histories_of_one_event_ask_nothing() -> None:
    loader = WindowLoader(distinct([1, 0, 1]), LoaderConfig(), seed=0)
    assert loader.steps(0) == 0
    assert list(loader.epoch(0)) == []
