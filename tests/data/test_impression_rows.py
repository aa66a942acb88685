"""Clean rows of impressions: every bad value is marked at its place, the rest comes out in order."""

from __future__ import annotations

import numpy as np
import polars as pl

from regard.data.checks import ProblemLog
from regard.data.impression_columns import ImpressionColumns
from regard.data.impression_rows import ImpressionRows, clean_rows

GOOD = {
    "impression_id": ["x", "y", "x"],
    "user_id": [1, 2, 1],
    "item_id": ["a", "a", "b"],
    "timestamp": [10, 20, 10],
    "click": [0, 1, 1],
}


def read(
    columns: dict[str, list], names: ImpressionColumns | None = None
) -> tuple[ImpressionRows, list[str]]:
    log = ProblemLog("t")
    table = pl.DataFrame(columns, strict=False)
    named = names or ImpressionColumns()
    rows = clean_rows(table, named.find(table.columns, source="t"), named, log=log, from_text=False)
    return rows, [f"{p.column}: {p.kind}, row {p.examples[0].row}" for p in log.problems()]


def test_rows_come_out_impression_by_impression_in_the_order_of_the_table() -> None:
    rows, problems = read({**GOOD, "hour": [7, 8, 9]})
    assert problems == []
    usable = rows.usable()
    assert usable.table["item_id"].to_list() == ["a", "b", "a"]
    assert usable.labels["click"].tolist() == [0, 1, 1]
    assert usable.context is not None
    assert usable.context["hour"].to_list() == [7, 9, 8]


def test_every_column_is_checked_and_the_first_row_named() -> None:
    cases = {
        "impression_id": (["x", None, "x"], "impression_id: null impression id, row 1"),
        "item_id": (["a", "a", None], "item_id: null item id, row 2"),
        "timestamp": ([10, None, 10], "timestamp: null time, row 1"),
        "click": ([0, 3, 1], "click: label that is not 0 or 1, row 1"),
        "position": ([1, -1, 1], "position: position that is no whole number from 0, row 1"),
        "propensity": ([0.1, 2.0, 1], "propensity: propensity that is not above 0 and at most 1, row 1"),
        "dwell": ([0.1, -2.0, 1], "dwell: amount that is no number from 0, row 1"),
        "user_id": (
            [1, 2, 3],
            "user_id: user that differs from that of the first row of its impression, row 2",
        ),
    }
    for column, (values, problem) in cases.items():
        rows, problems = read({**GOOD, column: values})
        assert problems == [problem]
        assert rows.bad.sum() == 1


def test_an_item_is_shown_once_in_an_impression() -> None:
    assert read({**GOOD, "item_id": ["a", "a", "a"]})[1] == [
        "item_id: item shown twice in its impression, row 2"
    ]


def test_without_impressions_a_row_repeats_another_if_user_item_and_time_are_the_same() -> None:
    single = {name: values for name, values in GOOD.items() if name != "impression_id"}
    assert read({**single, "item_id": ["a", "b", "a"]})[1] == ["item_id: row that repeats another, row 2"]
    rows, problems = read({"click": [0, 1]}, ImpressionColumns(user_id=None, item_id=None, timestamp=None))
    assert problems == []
    assert rows.table["item_id"].null_count() == 2
    assert np.array_equal(rows.table["impression"], [0, 1])
