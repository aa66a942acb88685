"""Checks of impressions: what a table of shown items can be refused for, with column, row and value.

Each function marks rows (``[n]`` bool, by kind of problem); `regard.data.checks.ProblemLog` collects them,
and the caller says whether they refuse the log or are dropped. That a log has one class only, which no row
is to blame for, is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from regard.errors import DataError

__all__ = [
    "check_amounts",
    "check_classes",
    "check_labels",
    "check_one_moment",
    "check_positions",
    "check_propensities",
    "check_repeats",
    "numbers_of",
]


def check_labels(labels: pl.Series) -> Mapping[str, np.ndarray]:
    """Mark labels that are not 0 or 1.

    Examples
    --------
    >>> marked = check_labels(pl.Series([0, 1, 2, None]))
    >>> {kind: np.flatnonzero(rows).tolist() for kind, rows in marked.items() if rows.any()}
    {'null label': [3], 'label that is not 0 or 1': [2]}
    """
    value = numbers_of(labels)
    fine = value.is_in([0.0, 1.0]).fill_null(value=False) | labels.is_null()
    return {"null label": labels.is_null().to_numpy(), "label that is not 0 or 1": (~fine).to_numpy()}


def check_amounts(amounts: pl.Series) -> Mapping[str, np.ndarray]:
    """Mark amounts that are no number from 0."""
    value = numbers_of(amounts)
    fine = ((value >= 0) & value.is_finite()).fill_null(value=False) | amounts.is_null()
    return {
        "null amount": amounts.is_null().to_numpy(),
        "amount that is no number from 0": (~fine).to_numpy(),
    }


def check_positions(positions: pl.Series) -> Mapping[str, np.ndarray]:
    """Mark positions that are no whole number from 0."""
    value = numbers_of(positions)
    fine = ((value >= 0) & (value < 2**31) & (value.floor() == value)).fill_null(value=False)
    return {"position that is no whole number from 0": (~fine).to_numpy()}


def check_propensities(propensities: pl.Series) -> Mapping[str, np.ndarray]:
    """Mark propensities outside (0, 1]: what was shown had a chance to be shown."""
    value = numbers_of(propensities)
    fine = ((value > 0) & (value <= 1)).fill_null(value=False)
    return {"propensity that is not above 0 and at most 1": (~fine).to_numpy()}


def check_one_moment(impression: np.ndarray, values: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Mark rows whose value differs from that of the first row of their impression.

    Parameters
    ----------
    impression
        ``[n]`` codes.
    values
        By name (``"user"``, ``"time"``) ``[n]`` codes.

    Examples
    --------
    >>> marked = check_one_moment(np.array([0, 0, 1]), {"user": np.array([7, 8, 8])})
    >>> marked["user that differs from that of the first row of its impression"].tolist()
    [False, True, False]
    """
    _, first, inverse = np.unique(impression, return_index=True, return_inverse=True)
    return {
        f"{name} that differs from that of the first row of its impression": value != value[first][inverse]
        for name, value in values.items()
    }


def check_repeats(keys: pl.DataFrame) -> np.ndarray:
    """Return which rows (``[n]`` bool) have the same key as an earlier one; a null is never the same."""
    complete = keys.select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    repeated: np.ndarray = ~keys.select(pl.struct(pl.all()).is_first_distinct()).to_series().to_numpy()
    repeated &= complete
    return repeated


def check_classes(labels: Mapping[str, np.ndarray], *, source: str) -> None:
    """Refuse a log in which an action always or never happened.

    Raises
    ------
    DataError
        Naming the action: nothing can be learnt from one class, and AUC has no value.

    Examples
    --------
    >>> check_classes({"click": np.zeros(3)}, source="ads.csv")
    Traceback (most recent call last):
    ...
    regard.errors.DataError: ads.csv: all 3 labels of 'click' are 0: ... what was shown without success ...
    """
    for action, label in labels.items():
        if len(label) and (label[0] > 0) == (label > 0).all() == (label > 0).any():
            which = "above 0" if label[0] > 0 else "0"
            raise DataError(
                f"{source}: all {len(label):,} labels of {action!r} are {which}: a ranker learns from the "
                "difference, so the log must hold what was shown without success beside what had it; "
                f"bring such rows, or leave {action!r} out of the labels"
            )


def numbers_of(values: pl.Series) -> pl.Series:
    """Return values of any type as Float64, null where one is no number.

    Examples
    --------
    >>> numbers_of(pl.Series(["1", "x", None])).to_list()
    [1.0, None, None]
    """
    if values.dtype in (pl.Categorical, pl.Enum):
        values = values.cast(pl.String)
    if not (values.dtype.is_numeric() or values.dtype in (pl.String, pl.Boolean)):
        return pl.Series(values.name, [None] * len(values), dtype=pl.Float64)
    return values.cast(pl.Float64, strict=False).fill_nan(None)
