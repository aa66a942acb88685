"""Impressions: candidates end to end, taken and cut without mixing them up; histories end before them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.data.histories import Histories
from regard.data.impressions import Impressions, histories_at

LISTS = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=5, unique=True), min_size=1, max_size=8)


def rich(shown: list[list[int]]) -> Impressions:
    plain = Impressions.of(shown, clicked=[row[:1] for row in shown], users=range(len(shown)))
    return replace(
        plain,
        position_K=plain.item_K * 10,
        propensity_K=plain.item_K / 10,
        history=Histories.of([[row[0]] * i for i, row in enumerate(shown)]),
        context=pl.DataFrame({"ten": plain.item_K * 10}),
    )


@given(LISTS, st.data())
def test_taking_impressions_takes_all_that_belongs_to_them(
    shown: list[list[int]], data: st.DataObject
) -> None:
    rows = data.draw(st.lists(st.integers(0, len(shown) - 1), max_size=6))
    taken = rich(shown).take(np.array(rows, dtype=np.int64))
    assert taken.lengths.tolist() == [len(shown[row]) for row in rows]
    assert taken.item_K.tolist() == [item for row in rows for item in shown[row]]
    assert taken.labels["click"].tolist() == [float(k == 0) for row in rows for k in range(len(shown[row]))]
    assert taken.position_K is not None
    assert (taken.position_K == taken.item_K * 10).all()
    assert taken.context is not None
    assert taken.context["ten"].to_list() == (taken.item_K * 10).tolist()
    assert taken.history is not None
    assert taken.history.lengths.tolist() == rows
    assert taken.users().tolist() == [row for row in rows for _ in shown[row]]


@given(LISTS, st.integers(1, 7))
def test_blocks_hold_all_impressions_in_order_and_stay_small(shown: list[list[int]], size: int) -> None:
    blocks = list(rich(shown).blocks(size))
    assert np.concatenate([block.item_K for block in blocks]).tolist() == [i for row in shown for i in row]
    assert all(block.num_candidates <= size or len(block) == 1 for block in blocks)


def test_an_impression_without_candidates_is_refused() -> None:
    with pytest.raises(AssertionError, match="at least one candidate"):
        Impressions.of([[1], []], clicked=[[], []])


def test_a_history_holds_only_what_came_strictly_before() -> None:
    histories = Histories.of([[1, 2, 3, 4], [5], []], [[10, 20, 20, 30], [15], []])
    shown = Impressions.of(
        [[9]] * 6, clicked=[[]] * 6, users=[0, 0, 0, 1, 2, -1], times=[20, 21, 5, 99, 99, 99]
    )
    past = histories_at(shown, histories)
    assert [past.items_of(i).tolist() for i in range(6)] == [[1], [1, 2, 3], [], [5], [], []]
    assert past.asked is not None
    assert past.asked.tolist() == [20, 21, 5, 99, 99, 99]
    assert past.item is histories.item
