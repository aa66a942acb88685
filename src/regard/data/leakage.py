"""Columns that give a label away: what is known only after the click, and so must be no feature.

A column is suspected if it alone separates the label with an AUC above 0.99. Three views are tried: the
number as it is, whether there is a value at all (an order number is there only after an order), and the
value as a category, by the share of positives that it has *in the other half of the rows*, so that an id
that occurs once gives nothing away.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from regard.config import Config
from regard.data.auc import auc
from regard.data.impression_checks import numbers_of

__all__ = ["LEAK", "Leak", "leaks"]

LEAK = 0.99
_FEW = 20  # labels of a class below which a high AUC is chance
_ROWS = 200_000


class Leak(Config):
    """A column that separates a label too well.

    Attributes
    ----------
    column
        The column.
    action
        The label.
    auc
        How well, from 0.99 to 1; a column that is low where the label is 1 counts as one that is high.
    how
        What of the column: ``"its number"``, ``"whether it is filled"``, ``"its value"``.
    """

    column: str
    action: str
    auc: float
    how: str

    def describe(self) -> str:
        """Say it in one line, with what to do."""
        return (
            f"column {self.column!r} gives the label {self.action!r} away ({self.how} alone has an AUC of "
            f"{self.auc:.4f}): if it is known only afterwards, leave it out of the features"
        )


def leaks(table: pl.DataFrame, labels: Mapping[str, np.ndarray], *, above: float = LEAK) -> tuple[Leak, ...]:
    """Return the columns of a table (``[K]`` rows) that separate a label of 0 or 1 (``[K]``) too well.

    Examples
    --------
    >>> click = np.array([0.0, 1.0] * 50)
    >>> table = pl.DataFrame({"seconds": click * 3, "hour": np.arange(100) // 5})
    >>> [leak.column for leak in leaks(table, {"click": click})]
    ['seconds']
    """
    step = -(-len(table) // _ROWS) if len(table) else 1
    rows = np.arange(0, len(table), step)
    some = table[rows]
    found = []
    for action, label_K in labels.items():
        label = (label_K[rows] > 0).astype(np.float64)
        if min(label.sum(), len(label) - label.sum()) < _FEW:
            continue
        for name in some.columns:
            leak = _worst(some[name], label, action)
            if leak is not None and leak.auc > above:
                found.append(leak)
    return tuple(found)


def _worst(column: pl.Series, label: np.ndarray, action: str) -> Leak | None:
    best = None
    for how, score in _views(column, label).items():
        area = auc(label, score)
        area = max(area, 1 - area)
        if best is None or area > best.auc:
            best = Leak(column=column.name, action=action, auc=area, how=how)
    return best


def _views(column: pl.Series, label: np.ndarray) -> dict[str, np.ndarray]:
    if column.dtype.is_nested() or column.dtype == pl.Object:
        return {"whether it is filled": column.is_not_null().to_numpy().astype(np.float64)}
    views = {}
    number = numbers_of(column.to_physical() if column.dtype.is_temporal() else column)
    if number.null_count() < len(number):
        value = number.fill_null(number.min())
        views["its number"] = np.nan_to_num(value.to_numpy())
    empty = column.is_null()
    if column.dtype in (pl.String, pl.Categorical, pl.Enum):
        empty |= (column.cast(pl.String) == "").fill_null(value=False)
    elif column.dtype.is_float():
        empty |= column.is_nan().fill_null(value=False)
    views["whether it is filled"] = (~empty).to_numpy().astype(np.float64)
    views["its value"] = _shares(column, label)
    return views


def _shares(column: pl.Series, label: np.ndarray) -> np.ndarray:
    """Return ``[K]`` the share of positives among the rows of the other half with the same value."""
    mean = float(label.mean())
    half = np.random.default_rng(0).integers(0, 2, len(label))
    rows = pl.DataFrame({"value": column, "label": label, "half": half})
    sums = rows.group_by("value", "half").agg(pl.col("label").sum(), pl.len().alias("count"))
    other = sums.with_columns((1 - pl.col("half")).alias("half"))
    joined = rows.select("value", "half").join(
        other, on=["value", "half"], how="left", nulls_equal=True, maintain_order="left"
    )
    # One prior row at the mean: a value that the other half does not have says nothing.
    positive, count = joined["label"].fill_null(0).to_numpy(), joined["count"].fill_null(0).to_numpy()
    shares: np.ndarray = (positive + mean) / (count + 1)
    return shares
