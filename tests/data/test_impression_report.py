"""The report of impressions counts what it says and warns of columns that give a label away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from regard.data.impression_report import report_impressions
from regard.data.impressions import Impressions


def test_it_counts_and_warns() -> None:
    shown = Impressions.of([[1, 2]] * 50, clicked=[[1]] * 40 + [[]] * 10)
    late = replace(
        shown, context=pl.DataFrame({"late": shown.labels["click"] * 2, "even": np.arange(100) // 7})
    )
    counts = {"anonymous": 50, "unknown_users": 0, "unknown_items": 3, "unknown_events": 2}
    report = report_impressions(late, source="t", rows=104, problems=[], **counts)
    assert (report.impressions, report.candidates, report.bad, report.without_success) == (50, 100, 4, 10)
    assert report.rates == {"click": 0.4}
    assert len(report.warnings) == 3
    assert "4 of 104 rows" in report.warnings[0]
    assert "'late'" in report.warnings[2]
    assert "3 of 100 candidates" in report.warnings[1]
    assert type(report).from_json(report.to_json()) == report
