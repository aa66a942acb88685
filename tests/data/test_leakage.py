"""Leaks: columns that give a label away are named, honest ones are not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from regard.data.leakage import leaks

RNG = np.random.default_rng(0)
CLICK = (RNG.random(4000) < 0.1).astype(np.float32)


@pytest.mark.parametrize(
    ("column", "how"),
    [
        (pl.Series(CLICK * 9 + RNG.random(4000)), "its number"),
        (pl.Series(-CLICK), "its number"),
        (pl.Series([str(-click) for click in CLICK]), "its number"),
        (
            pl.Series([f"order {i}" if click else None for i, click in enumerate(CLICK)]),
            "whether it is filled",
        ),
        (pl.Series(["x" if click else "" for click in CLICK]), "whether it is filled"),
        (pl.Series([("b" if click else "ac"[i % 2]) for i, click in enumerate(CLICK)]), "its value"),
        (pl.Series([[1] if click else None for click in CLICK]), "whether it is filled"),
    ],
)
def test_a_column_that_is_known_only_afterwards_is_named(column: pl.Series, how: str) -> None:
    found = leaks(pl.DataFrame({"late": column}), {"click": CLICK})
    assert [(leak.column, leak.action, leak.how) for leak in found] == [("late", "click", how)]
    assert "column 'late' gives the label 'click' away" in found[0].describe()


def test_honest_columns_are_not_named() -> None:
    table = pl.DataFrame(
        {
            "row": np.arange(4000),
            "id": [f"row {i}" for i in range(4000)],
            "noise": RNG.normal(size=4000),
            "good": CLICK + RNG.normal(size=4000),
            "constant": "x",
            "empty": pl.Series([None] * 4000, dtype=pl.Float64),
            "when": pl.Series(np.arange(4000)).cast(pl.Datetime("us")),
            "tags": [["a"]] * 4000,
            "kind": pl.Series(["a", "b"] * 2000, dtype=pl.Categorical),
            "bytes": [b"x", b"y"] * 2000,
            "object": pl.Series([object()] * 4000, dtype=pl.Object),
            "right": [True, False] * 2000,
            "span": pl.Series(np.arange(4000)).cast(pl.Duration("us")),
        }
    )
    assert leaks(table, {"click": CLICK}) == ()


def test_a_few_labels_prove_nothing() -> None:
    few = np.array([1.0] * 5 + [0.0] * 500)
    assert leaks(pl.DataFrame({"row": np.arange(505)}), {"click": few}) == ()
    assert leaks(pl.DataFrame({"row": []}), {"click": np.array([])}) == ()


def test_an_amount_counts_as_there_or_not() -> None:
    seconds = CLICK * RNG.random(4000) * 60
    assert [leak.action for leak in leaks(pl.DataFrame({"a": CLICK}), {"dwell": seconds})] == ["dwell"]
