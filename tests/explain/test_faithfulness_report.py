"""The tables say what was measured, of whom, and which way is better."""

from __future__ import annotations

from io import StringIO

import polars as pl
from rich.console import Console

from regard.evaluation.significance import Interval
from regard.explain.curves import BETTER
from regard.explain.faithfulness_report import FaithfulnessReport, Measured, Searched


def test_a_terminal_of_80_columns_shows_every_number() -> None:
    half = Interval(value=0.512, low=0.4, high=0.6)
    report = FaithfulnessReport(
        users=7,
        k=10,
        events=12.4,
        methods=(
            Measured(
                name="attention, last layer",
                covers="the network",
                faithful=False,
                measures=dict.fromkeys([*BETTER, "tie_agreement"], half),
                calls=1,
                milliseconds=3.21,
            ),
        ),
        searches=(
            Searched(
                name="beam",
                k=10,
                users=7,
                found=Interval(value=1.0, low=1.0, high=1.0),
                verified=7,
                smallest=6,
                size=1.5,
                calls=30,
                milliseconds=12,
            ),
        ),
        per_user=pl.DataFrame(),
    )
    console = Console(file=StringIO(), width=80, highlight=False)
    for table in report.tables():
        console.print(table)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for text in (".512", ".51", "3.2", "7 of 7", "1.50", "100%", "First items of 7 users"):
        assert text in shown, text
    assert report.method("attention, last layer").calls == 1
