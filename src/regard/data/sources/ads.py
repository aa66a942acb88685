"""Criteo and Avazu: advertisements that were shown and whether they were clicked.

Criteo (Display Advertising Challenge, 2014): a label, 13 numbers, 26 hashed categories; nobody knows which of
them are the user, the advertisement or the time, so that the log has neither histories nor items, only
context. Avazu (2014): the hour, where it was shown and on which device. Notable choices for Avazu: the user
is the device, or none where the device id is the one that stands for unknown; the item is ``C14``, which by
its hierarchy (C14 within C17 within C21) is taken as the advertisement.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from regard.data.impression_columns import ImpressionColumns
from regard.data.sources.impression_set import PublicImpressions, read_fields, read_lines, refuse_lines
from regard.data.sources.table_set import need
from regard.errors import DataError

__all__ = ["AVAZU_URL", "CRITEO_URL", "read_avazu", "read_criteo"]

CRITEO_URL = "https://ailab.criteo.com/ressources/"
AVAZU_URL = "https://www.kaggle.com/c/avazu-ctr-prediction"
_CRITEO = "Criteo Display Advertising Challenge: for research use, no redistribution; see the homepage."
_AVAZU = "Avazu Click-Through Rate Prediction (Kaggle 2014): rules of the competition, research use."
_NUMBERS = [f"I{number}" for number in range(1, 14)]
_CATEGORIES = [f"C{number}" for number in range(1, 27)]
_UNKNOWN_DEVICE = "a99f214a"
_NEEDED = ("id", "click", "hour", "device_id", "C14")


def read_criteo(folder: Path) -> PublicImpressions:
    """Read ``train.txt`` (tabs, no header) or ``criteo_sample.txt`` (commas and a header).

    Raises
    ------
    DataError
        If there is no file, or if lines are malformed, naming them.
    """
    path = need(folder, "train.txt", "train.txt.gz", "criteo_sample.txt", name="criteo", homepage=CRITEO_URL)
    lines, columns = read_lines(path), ["label", *_NUMBERS, *_CATEGORIES]
    first = lines[0] or ""
    header = first.startswith("label")
    separator = "\t" if "\t" in first else ","
    start = 2 if header else 1
    lines = lines.slice(start - 1)
    table = read_fields(lines, columns, separator=separator, path=path, first_line=start)
    _check_click(table["label"], path, first_line=start)
    for name in _NUMBERS:
        wrong = table[name].cast(pl.Float64, strict=False).is_null() & table[name].is_not_null()
        refuse_lines(table[name], wrong, what=f"have no number in {name}", path=path, first_line=start)
    return PublicImpressions(
        name="criteo",
        shown=table.with_columns(pl.col(_NUMBERS).cast(pl.Float64), pl.col("label").cast(pl.Int8)),
        columns=ImpressionColumns(user_id=None, item_id=None, timestamp=None, labels={"click": "label"}),
        items=None,
        users=None,
        licence=_CRITEO,
        homepage=CRITEO_URL,
        origin=str(folder),
    )


def read_avazu(folder: Path) -> PublicImpressions:
    """Read ``train`` (as Kaggle calls it), ``train.csv``, ``train.gz`` or ``avazu_sample.txt``.

    Raises
    ------
    DataError
        If there is no file, or if lines are malformed, naming them.
    """
    names = ("train", "train.csv", "train.gz", "train.csv.gz", "avazu_sample.txt")
    path = need(folder, *names, name="avazu", homepage=AVAZU_URL)
    lines = read_lines(path)
    columns = (lines[0] or "").split(",")
    absent = [name for name in _NEEDED if name not in columns]
    if absent:
        raise DataError(f"{path}: the header has no column {', '.join(absent)}; it has: {', '.join(columns)}")
    table = read_fields(lines.slice(1), columns, separator=",", path=path, first_line=2)
    _check_click(table["click"], path, first_line=2)
    hour = "20" + table["hour"] + "00"  # polars reads an hour only with its minutes
    time = hour.str.to_datetime("%Y%m%d%H%M", strict=False, time_unit="us")
    what = "have no hour such as 14102100"
    refuse_lines(table["hour"], time.is_null(), what=what, path=path, first_line=2)
    device = pl.col("device_id")
    return PublicImpressions(
        name="avazu",
        shown=table.select(
            pl.col("id").alias("impression_id"),
            pl.when(device != _UNKNOWN_DEVICE).then(device).alias("user_id"),
            pl.col("C14").alias("item_id"),
            time.alias("timestamp"),
            pl.col("click").cast(pl.Int8),
            *(name for name in columns if name not in _NEEDED),
        ),
        columns=ImpressionColumns(labels={"click": "click"}),
        items=None,
        users=None,
        licence=_AVAZU,
        homepage=AVAZU_URL,
        origin=str(folder),
    )


def _check_click(label: pl.Series, path: Path, *, first_line: int) -> None:
    wrong = ~label.is_in(["0", "1"]).fill_null(value=False)
    refuse_lines(label, wrong, what=f"have no {label.name} of 0 or 1", path=path, first_line=first_line)
