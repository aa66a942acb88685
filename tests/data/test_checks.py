"""Rows that cannot be used are named with column, row and value, or dropped and counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.data.checks import ProblemLog
from regard.data.prepare import PrepareOptions, prepare
from regard.errors import DataError

NOW = 1_300_000_000
DROP = PrepareOptions(on_bad="drop")


def good() -> dict[str, list[Any]]:
    return {
        "user_id": ["u1", "u2", "u1", "u2"],
        "item_id": ["a", "b", "b", "c"],
        "timestamp": [NOW, NOW + 1, NOW + 2, NOW + 3],
    }


def with_values(**columns: Any) -> dict[str, list[Any]]:
    return {**good(), **columns}


BAD: list[tuple[dict[str, list[Any]], list[str]]] = [
    (
        with_values(item_id=["a", None, "b", ""]),
        ["column 'item_id': null item id in 2 rows (row 1: null, row 3: ''"],
    ),
    (with_values(timestamp=[NOW, None, NOW, NOW]), ["column 'timestamp': null time in 1 row (row 1: null)"]),
    (
        with_values(timestamp=["2011-01-01", "2011-01-02", "soon", "2011-01-03"]),
        ["column 'timestamp': unparsable time in 1 row (row 2: 'soon')"],
    ),
    (
        with_values(timestamp=[NOW, NOW, NOW, NOW * 1000]),
        ["column 'timestamp': time more than 100 years ahead in 1 row (row 3: 1300000000000)"],
    ),
    (
        with_values(
            timestamp=[datetime(2011, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
            + [datetime(2911, 1, 1, tzinfo=UTC)]
        ),
        ["time more than 100 years ahead in 1 row (row 3: 2911-01-01"],
    ),
    (
        with_values(timestamp=[NOW * 1000, NOW * 1000, NOW * 1000, NOW]),
        ["time not in the unit of the others (ms) in 1 row (row 3: 1300000000)"],
    ),
    (
        with_values(weight=[1.0, float("nan"), 1.0, 1.0]),
        ["column 'weight': weight that is no number in 1 row (row 1: nan)"],
    ),
    (with_values(weight=["1", "x", "1", "1"]), ["weight that is no number in 1 row (row 1: 'x')"]),
    (with_values(weight=[1.0, float("inf"), 1.0, 1.0]), ["infinite weight in 1 row (row 1: inf)"]),
    (with_values(weight=[1.0, -2.0, 1.0, 1.0]), ["negative weight in 1 row (row 1: -2.0)"]),
    (with_values(weight=[1.0, None, 1.0, 1.0]), ["null weight in 1 row (row 1: null)"]),
    (
        with_values(
            item_id=["a", None, "b", "c"], timestamp=[NOW, NOW, None, NOW], weight=[1.0, 1.0, 1.0, -1.0]
        ),
        ["null item id in 1 row (row 1", "null time in 1 row (row 2", "negative weight in 1 row (row 3"],
    ),
]


@pytest.mark.parametrize(("log", "says"), BAD)
def test_rows_that_cannot_be_used_are_named_all_at_once(log: dict[str, list[Any]], says: list[str]) -> None:
    with pytest.raises(DataError) as error:
        prepare(log)
    for part in [*says, "rows count from 0", "--drop-bad-rows"]:
        assert part in str(error.value)


@pytest.mark.parametrize(("log", "says"), BAD)
def test_the_same_rows_are_dropped_and_counted_if_asked(log: dict[str, list[Any]], says: list[str]) -> None:
    # Doubled, with every bad value kept bad, so that at least two users and items stay.
    more = {"user_id": ["u3", "u4", "u3"], "item_id": ["d", "e", "e"], "timestamp": [log["timestamp"][0]] * 3}
    more |= {"weight": [log["weight"][0]] * 3} if "weight" in log else {}
    report = prepare({name: log[name] + more[name] for name in log}, options=DROP).report
    assert report.bad == sum(problem.count for problem in report.problems)
    assert report.events == report.rows - report.bad
    for part, problem in zip(says, report.problems, strict=True):
        assert part in problem.describe()


@pytest.mark.parametrize(
    ("log", "says"),
    [
        ({"user_id": [], "item_id": [], "timestamp": []}, "empty"),
        (
            with_values(user_id=[None] * 4),
            "no events are left to use; dropped were:\n  - events without a user: 4",
        ),
        (with_values(user_id=["u"] * 4), "has only one user with events"),
        (with_values(item_id=["a"] * 4), "has only one item with events"),
        ({"user_id": ["u"], "timestamp": [NOW]}, "there is no column 'item_id'"),
        (with_values(user_id=[1.5, 2.0, 1.0, 2.0]), "column 'user_id': row 0 holds 1.5"),
        (with_values(timestamp=[[1], [2], [3], [4]]), "times must be numbers"),
        (with_values(item_id=[True, False, True, True]), "ids must be strings or integers"),
    ],
)
def test_logs_that_nothing_can_be_learnt_from_are_refused(log: dict[str, list[Any]], says: str) -> None:
    with pytest.raises(DataError) as error:
        prepare(log)
    assert says in str(error.value)


def test_when_dropping_leaves_nothing_the_reasons_are_named() -> None:
    with pytest.raises(
        DataError, match=r"no events are left to use; dropped were:\n  - column 'item_id': null"
    ):
        prepare(with_values(item_id=[None] * 4), options=DROP)


def test_only_the_first_rows_of_a_problem_are_shown_and_all_are_counted() -> None:
    problems = ProblemLog("log")
    for batch in range(3):
        rows = np.array([True, False, True])
        problems.mark("bad", column="x", rows=rows, values=pl.Series([1, 2, 3]), first_row=3 * batch)
    said = problems.problems()[0].describe()
    assert said == "column 'x': bad in 6 rows (row 0: 1, row 2: 3, row 3: 1, and 3 more)"
