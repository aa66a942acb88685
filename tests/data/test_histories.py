"""Histories are views: what is cut off stays where it is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regard.data.histories import Histories

rows = st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=6)


@given(rows, st.integers(0, 7))
def test_latest_and_without_latest_cut_each_history_in_two(items: list[list[int]], count: int) -> None:
    histories = Histories.of(items)
    for row, history in enumerate(items):
        cut = max(len(history) - count, 0)
        assert histories.latest(count).items_of(row).tolist() == history[cut:]
        assert histories.without_latest(count).items_of(row).tolist() == history[:cut]


@given(rows, st.integers(0, 7))
def test_before_keeps_what_is_earlier(items: list[list[int]], time: int) -> None:
    earlier = Histories.of(items).before(time)  # times are 0, 1, 2 ...
    assert [earlier.items_of(row).tolist() for row in range(len(items))] == [row[:time] for row in items]


@given(rows)
def test_only_keeps_the_marked_items(items: list[list[int]]) -> None:
    even = Histories.of(items).only(np.arange(10) % 2 == 0)
    kept = [even.items_of(row).tolist() for row in range(len(items))]
    assert kept == [[item for item in row if item % 2 == 0] for row in items]


def test_views_copy_nothing() -> None:
    histories = Histories.of([[1, 2, 3], [4]])
    for view in (histories.take(np.array([1, 0])), histories.latest(1), histories.before(1)):
        assert view.item is histories.item


def test_a_view_of_a_view_keeps_its_own_range() -> None:
    histories = Histories.of([[1, 2, 3, 4], [5, 6]]).without_latest(1).latest(2)
    assert [histories.items_of(row).tolist() for row in (0, 1)] == [[2, 3], [5]]
    assert (histories.num_events, histories.rows().tolist()) == (3, [0, 0, 1])


@given(
    st.lists(st.lists(st.integers(-5, 5), max_size=9).map(sorted), min_size=1, max_size=6), st.integers(-6, 6)
)
def test_before_finds_its_place_among_equal_times(times: list[list[int]], time: int) -> None:
    histories = Histories.of([[0] * len(row) for row in times], times).latest(7)
    kept = [histories.before(time).times_of(row).tolist() for row in range(len(times))]
    assert kept == [[t for t in row[-7:] if t < time] for row in times]


@given(rows, st.integers(1, 8))
def test_blocks_hold_all_users_in_order_and_few_events_each(items: list[list[int]], events: int) -> None:
    histories = Histories.of(items).without_latest(1)
    blocks = list(histories.blocks(events))
    assert [block.items_of(row).tolist() for block in blocks for row in range(len(block))] == [
        row[:-1] for row in items
    ]
    assert all(block.num_events <= events or len(block) == 1 for block in blocks)


@given(rows, st.integers(0, 2))
def test_the_values_of_events_are_a_view_where_no_event_lies_between(
    items: list[list[int]], cut: int
) -> None:
    histories = Histories.of(items).without_latest(cut)
    values = histories.of_events(histories.item)
    assert values.tolist() == [item for row in items for item in row[: max(len(row) - cut, 0)]]
    if cut == 0:
        assert np.may_share_memory(values, histories.item) or len(values) == 0


@given(rows)
def test_a_history_stays_that_of_its_user(items: list[list[int]]) -> None:
    """Each user has only items of their own, so that a history tells whose it is."""
    own = Histories.of(
        [[10 * row + item for item in history] for row, history in enumerate(items)]
    ).of_users()
    assert own.of_users() is own
    order = np.random.default_rng(0).permutation(len(items))
    for part in (own.take(order), own.take(order).latest(2), own.take(order).only(np.arange(100) % 2 == 0)):
        assert part.user is not None
        for row, user in enumerate(part.user.tolist()):
            assert set((part.items_of(row) // 10).tolist()) <= {user}
