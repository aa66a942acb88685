"""What is counted while a table becomes numbers."""

from __future__ import annotations

import json

from regard.data.encoded import FieldReport


def test_a_report_survives_json() -> None:
    report = FieldReport(name="brand", kind="category", rows=3, missing=1, unseen=1, notes=("a note",))
    assert FieldReport.from_json(json.loads(json.dumps(report.to_json()))) == report
