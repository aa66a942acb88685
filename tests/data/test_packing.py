"""Histories are views; batches hold the same events end to end."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regard.data.packing import Histories, PackedBatch

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


@given(rows)
def test_a_batch_holds_the_events_of_its_histories_end_to_end(items: list[list[int]]) -> None:
    batch = PackedBatch.of(Histories.of(items), user=np.arange(len(items)))
    assert batch.item_T.tolist() == [item for row in items for item in row]
    assert batch.lengths.tolist() == [len(row) for row in items]
    assert (batch.num_users, batch.num_events) == (len(items), sum(map(len, items)))
    assert batch.user_U.tolist() == list(range(len(items)))


def test_further_columns_travel_with_the_events() -> None:
    base = Histories.of([[1, 2], [3]])
    columns = {"weight": np.array([0.1, 0.2, 0.3], dtype=np.float32)}
    histories = Histories(start=base.start, stop=base.stop, item=base.item, time=base.time, fields=columns)
    batch = PackedBatch.of(histories.latest(1))
    assert batch.fields["weight"].tolist() == columns["weight"][[1, 2]].tolist()
    assert batch.to("cpu").fields.keys() == {"weight"}
