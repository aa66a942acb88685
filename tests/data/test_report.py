"""The report counts everything, and warns of what is seldom meant."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl

from regard.data.prepare import prepare
from regard.data.report import Lengths

NOW = 1_300_000_000


def good() -> dict[str, list[Any]]:
    return {
        "user_id": ["u1", "u2", "u1", "u2"],
        "item_id": ["a", "b", "b", "c"],
        "timestamp": [NOW, NOW + 1, NOW + 2, NOW + 3],
    }


def with_values(**columns: Any) -> dict[str, list[Any]]:
    return {**good(), **columns}


def test_the_report_is_json_and_counts_what_it_saw() -> None:
    report = prepare(good()).report
    document = json.loads(json.dumps(report.to_json()))
    assert document["events"] == 4
    assert document["time"]["first"] == "2011-03-13T07:06:40Z"
    assert (report.density, report.rare_items, report.lengths.max) == (4 / 6, 1.0, 2)


def test_times_converted_with_the_wrong_unit_are_warned_about() -> None:
    wrong = pl.Series([NOW, NOW + 1, NOW + 2, NOW + 3]).cast(pl.Datetime("ns"))
    warnings = prepare(with_values(timestamp=wrong)).report.warnings
    assert any("January 1970" in warning for warning in warnings)


def test_a_table_that_shares_no_id_with_the_events_is_warned_about() -> None:
    report = prepare(good(), items={"item_id": ["other"], "title": ["Other"]}).report
    assert any("no id of the table of items" in warning for warning in report.warnings)


def test_lengths_are_summarised() -> None:
    lengths = Lengths.of(np.array([1, 1, 2, 4, 10]))
    assert (lengths.min, lengths.median, lengths.mean, lengths.max) == (1, 2.0, 3.6, 10)
