"""Splits: no target before a training event, and the protocols that published tables use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from regard.data.dataset import Dataset
from regard.data.prepare import prepare
from regard.data.sources.public import read_public
from regard.data.split import SplitSpec, hold_out
from regard.errors import ConfigError, SplitError

DAY = 86_400


def log(rows: list[tuple[str, str, int]]) -> Dataset:
    columns = zip(*rows, strict=True)
    names = ("user_id", "item_id", "timestamp")
    return prepare(dict(zip(names, map(list, columns), strict=True))).dataset


SMALL = [("a", "x", 0), ("a", "y", 1), ("a", "z", 8), ("a", "w", 9), ("b", "x", 2), ("c", "y", 9)]


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("time", SplitSpec()),
        ("time:0.8", SplitSpec(quantile=0.8)),
        ("time:2011-11-01", SplitSpec(at="2011-11-01")),
        ("time:2011-11-01T12:00:00+01:00", SplitSpec(at="2011-11-01T12:00:00+01:00")),
        ("leave-last-out", SplitSpec(kind="leave-last-out")),
        ("none", SplitSpec(kind="none")),
    ],
)
def test_a_split_is_written_as_one_word(text: str, spec: SplitSpec) -> None:
    assert SplitSpec.parse(text) == spec
    assert SplitSpec.parse(str(spec)) == spec
    assert SplitSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    "text", ["random", "time:1.5", "time:0", "time:nan", "time:soon", "leave-last-out:3", ""]
)
def test_a_split_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        SplitSpec.parse(text)


def test_by_time_asks_for_the_last_event_with_everything_before_it() -> None:
    held = hold_out(log(SMALL), SplitSpec(quantile=0.6))  # the sorted times are 0 1 2 8 9 9
    assert held.cutoff == 8 * 10**6
    assert held.train.histories.lengths.tolist() == [2, 1, 0]
    assert held.queries.user.tolist() == [0]
    assert held.train.items.decode(held.queries.target).to_list() == ["w"]
    # z happened after the cut-off but before the target, so it is part of the history.
    assert held.train.items.decode(held.queries.histories.items_of(0)).to_list() == ["x", "y", "z"]


def test_leave_last_out_keeps_users_of_one_event_in_training() -> None:
    held = hold_out(log(SMALL), SplitSpec(kind="leave-last-out"))
    assert held.cutoff is None
    assert held.train.histories.lengths.tolist() == [3, 1, 1]
    assert held.queries.user.tolist() == [0]


def test_none_trains_on_everything_and_asks_nothing() -> None:
    dataset = log(SMALL)
    held = hold_out(dataset, SplitSpec(kind="none"))
    assert held.train is dataset
    assert len(held.queries) == 0


def test_a_date_cuts_at_its_midnight() -> None:
    rows = [("a", "x", 1_320_105_599), ("a", "y", 1_320_105_600), ("b", "x", 1_320_000_000)]
    held = hold_out(log(rows), SplitSpec.parse("time:2011-11-01"))
    assert held.train.num_events == 2
    assert held.queries.target_time.tolist() == [held.cutoff]


@pytest.mark.parametrize(
    ("rows", "spec", "message"),
    [
        (SMALL, "time:1960-01-01", "nothing to train on"),
        (SMALL, "time:2050-01-01", "no user has events both before and after it"),
        ([("a", "x", 5), ("b", "y", 5)], "time", "nothing to train on"),
        ([("a", "x", 1), ("b", "y", 2)], "leave-last-out", "no user has two events"),
    ],
)
def test_a_split_that_leaves_nothing_is_refused(rows: list[Any], spec: str, message: str) -> None:
    with pytest.raises(SplitError, match=message):
        hold_out(log(rows), SplitSpec.parse(spec))


events = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 8), st.integers(0, 12)), min_size=4, max_size=60
)


@given(events, st.floats(0.05, 0.95))
def test_no_target_is_earlier_than_any_training_event(
    rows: list[tuple[int, int, int]], quantile: float
) -> None:
    assume(len({row[0] for row in rows}) > 1 and len({row[1] for row in rows}) > 1)
    dataset = prepare(
        {"user_id": [r[0] for r in rows], "item_id": [r[1] for r in rows], "timestamp": [r[2] for r in rows]}
    ).dataset
    try:
        held = hold_out(dataset, SplitSpec(quantile=quantile))
    except SplitError:
        assume(False)
    train, queries = held.train.histories, held.queries
    assert train.time[train.events()].max() < held.cutoff <= queries.target_time.min()
    times = dataset.histories.time[dataset.histories.events()]
    assert held.cutoff == np.quantile(times, quantile, method="lower")
    for row, user in enumerate(queries.user.tolist()):
        items, times = dataset.histories.items_of(user), dataset.histories.times_of(user)
        assert queries.histories.items_of(row).tolist() == items[:-1].tolist()
        assert (queries.target[row], queries.target_time[row]) == (items[-1], times[-1])
        assert times[0] < held.cutoff <= times[-1]


@given(events)
def test_validation_is_cut_from_the_training_part_alone(rows: list[tuple[int, int, int]]) -> None:
    assume(len({row[0] for row in rows}) > 1 and len({row[1] for row in rows}) > 1)
    dataset = log([(str(user), str(item), time) for user, item, time in rows])
    try:
        test = hold_out(dataset, SplitSpec(quantile=0.8))
        validation = hold_out(test.train, SplitSpec(quantile=0.8))
    except SplitError:
        assume(False)
    assert validation.cutoff < test.cutoff
    assert validation.queries.target_time.max() < test.cutoff


def test_a_split_copies_no_events() -> None:
    dataset = log(SMALL)
    held = hold_out(dataset, SplitSpec(quantile=0.6))
    for part in (held.train.histories, held.queries.histories):
        assert np.shares_memory(part.item, dataset.histories.item)


@pytest.mark.parametrize(("spec", "queries"), [("time", 90), ("leave-last-out", 943)])
def test_movielens_100k_gives_the_published_number_of_queries(
    shared_data: Path, spec: str, queries: int
) -> None:
    dataset = prepare(read_public("ml-100k", shared_data / "ml-100k").events).dataset
    assert len(hold_out(dataset, SplitSpec.parse(spec)).queries) == queries
