"""Batches hold the events of histories end to end."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regard.data.histories import Histories
from regard.data.packing import PackedBatch

rows = st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=6)


@given(rows)
def test_a_batch_holds_the_events_of_its_histories_end_to_end(items: list[list[int]]) -> None:
    batch = PackedBatch.of(Histories.of(items).of_users())
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


@given(rows, st.integers(1, 12))
def test_parts_are_the_batch_again_and_hold_no_more_than_asked_for(items: list[list[int]], most: int) -> None:
    batch = PackedBatch.of(Histories.of(items).of_users())
    parts = list(batch.parts(most))
    assert [part.item_T[a:b].tolist() for part in parts for a, b in pairs(part)] == items
    assert [user for part in parts for user in part.user_U.tolist()] == list(range(len(items)))
    for part in parts:
        assert part.num_events <= most or int((part.lengths > 0).sum()) == 1


def pairs(batch: PackedBatch) -> list[tuple[int, int]]:
    return list(itertools.pairwise(batch.offsets.tolist()))
