"""Events end up by user, time and row, without duplicates."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.data.dataset import Dataset
from regard.data.order import by_user_and_time
from regard.data.prepare import PrepareOptions, prepare

NOW = 1_300_000_000


def rows_of(dataset: Dataset) -> list[tuple[Any, Any, int]]:
    histories = dataset.histories
    events = histories.events()
    users = dataset.users.decode(histories.rows()).to_list()
    items = dataset.items.decode(histories.item[events]).to_list()
    return list(zip(users, items, histories.time[events].tolist(), strict=True))


def test_events_are_sorted_by_user_time_and_row() -> None:
    log = {
        "user_id": ["b", "a", "b", "a", "a"],
        "item_id": ["y", "z", "x", "y", "x"],
        "timestamp": [NOW, NOW + 5, NOW, NOW + 5, NOW],
    }
    assert [(user, item) for user, item, _ in rows_of(prepare(log).dataset)] == [
        ("a", "x"),
        ("a", "z"),
        ("a", "y"),
        ("b", "y"),
        ("b", "x"),
    ]


def test_exact_duplicates_are_dropped_but_other_values_or_times_are_other_events() -> None:
    log = {
        "user_id": ["u", "u", "u", "u", "v"],
        "item_id": ["a", "a", "a", "a", "b"],
        "timestamp": [NOW, NOW, NOW, NOW + 1, NOW],
        "event_type": ["view", "view", "buy", "view", "view"],
    }
    prepared = prepare(log)
    assert (prepared.report.duplicates, prepared.report.events, prepared.report.ties) == (1, 4, 1)
    types = prepared.dataset.event_types
    assert types is not None
    field = prepared.dataset.histories.fields["event_type"]
    assert types.decode(field).to_list() == ["view", "buy", "view", "view"]


@pytest.mark.parametrize(("repeats", "times"), [("keep", [0, 1, 2, 3]), ("first", [0, 2]), ("last", [2, 3])])
def test_repeated_events_stay_unless_asked(repeats: Any, times: list[int]) -> None:
    log = {
        "user_id": ["u", "u", "u", "u", "v"],
        "item_id": ["a", "a", "b", "a", "b"],
        "timestamp": [NOW, NOW + 1, NOW + 2, NOW + 3, NOW],
    }
    prepared = prepare(log, options=PrepareOptions(repeats=repeats))
    assert (prepared.dataset.histories.times_of(0) // 10**6 - NOW).tolist() == times
    assert prepared.report.repeats == 4 - len(times)


def test_sessions_are_numbered_within_their_user_in_order_of_time() -> None:
    log = {
        "user_id": ["u", "u", "u", "u", "v"],
        "item_id": ["a", "b", "c", "d", "a"],
        "timestamp": [NOW + 3, NOW + 1, NOW + 2, NOW, NOW],
        "session_id": ["s9", "s1", "s9", None, "s9"],
    }
    assert prepare(log).dataset.histories.fields["session_id"].tolist() == [-1, 0, 1, 1, 0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 6), st.sampled_from(["view", "buy"])),
        min_size=1,
        max_size=40,
    )
)
def test_any_log_keeps_exactly_its_distinct_events_in_order(events: list[tuple[int, int, int, str]]) -> None:
    events = [*events, (0, 0, 0, "view"), (1, 1, 0, "view")]
    log = pl.DataFrame(events, schema=["user_id", "item_id", "timestamp", "event_type"], orient="row")
    dataset = prepare(log).dataset
    distinct = list(dict.fromkeys(events))
    expected = sorted(distinct, key=lambda event: (event[0], event[2]))  # stable: ties by row
    assert rows_of(dataset) == [(user, item, time * 10**6) for user, item, time, _ in expected]


MICRO = [0, 1, 2, 10**15, -(10**15), -(2**62), 2**62]


@given(
    st.lists(st.tuples(st.integers(0, 2**31 - 1) | st.integers(0, 3), st.sampled_from(MICRO)), max_size=50),
    st.sampled_from([1, 10**6]),
)
def test_the_order_is_stable_whatever_the_span_of_users_and_times(
    events: list[tuple[int, int]], unit: int
) -> None:
    user = np.array([event[0] for event in events], dtype=np.int32)
    time = np.array([event[1] // unit * unit for event in events], dtype=np.int64)
    assert by_user_and_time(user, time).tolist() == np.lexsort((time, user)).tolist()
