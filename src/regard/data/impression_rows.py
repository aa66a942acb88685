"""The rows of a table of impressions, with clean values and marks on those that cannot be used.

Which values are believed is `regard.data.impression_checks`; here columns are found, cleaned and marked.
Ids are still the caller's. Rows come out impression by impression, impressions in the order in which
they first appear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from regard.data.checks import ProblemLog
from regard.data.ids import clean_ids, integers_of
from regard.data.impression_checks import (
    check_amounts,
    check_labels,
    check_one_moment,
    check_positions,
    check_propensities,
    check_repeats,
    numbers_of,
)
from regard.data.impression_columns import Found, ImpressionColumns
from regard.data.packing import NO_TIME
from regard.data.times import TimeScan
from regard.errors import SchemaError

__all__ = ["ImpressionRows", "clean_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpressionRows:
    """Clean rows.

    Parameters
    ----------
    table
        ``impression`` (code by first appearance), ``user_id``, ``item_id``, ``time`` (microseconds), and
        ``position``, ``propensity``, ``history`` where the log has them.
    labels
        By action ``[n]`` float32.
    context
        The further columns, raw; None if there are none.
    bad
        ``[n]`` rows that cannot be used.
    impression_id
        ``[n]`` ids of impressions; None where each row stands alone.
    """

    table: pl.DataFrame
    labels: Mapping[str, np.ndarray]
    context: pl.DataFrame | None
    bad: np.ndarray
    impression_id: pl.Series | None

    def with_labels(self, labels: Mapping[str, np.ndarray]) -> ImpressionRows:
        """Return the rows with further labels."""
        return replace(self, labels={**self.labels, **labels})

    def usable(self) -> ImpressionRows:
        """Return the rows that can be used, impression by impression."""
        fine = np.flatnonzero(~self.bad)
        order = fine[np.argsort(self.table["impression"].to_numpy()[fine], kind="stable")]
        return ImpressionRows(
            table=self.table[order],
            labels={action: label[order] for action, label in self.labels.items()},
            context=None if self.context is None else self.context[order],
            bad=self.bad[order],
            impression_id=None if self.impression_id is None else self.impression_id.gather(order),
        )


def clean_rows(
    frame: pl.DataFrame, found: Found, columns: ImpressionColumns, *, log: ProblemLog, from_text: bool
) -> ImpressionRows:
    """Read all columns of a table of impressions and mark what cannot be used in `log`.

    Parameters
    ----------
    frame
        The table.
    found, columns
        Which columns it has and what they mean.
    log
        Collects the problems.
    from_text
        Whether all columns arrive as strings.

    Raises
    ------
    SchemaError
        If a column has a type that cannot be read.
    """
    rows = _Cleaning(frame, found, log, from_text=from_text)
    impression_id = rows.ids("impression_id", needed=True) if "impression_id" in found.columns else None
    user, item = rows.ids("user_id", needed=False), rows.ids("item_id", needed="item_id" in found.columns)
    time = rows.times()
    code = np.arange(len(frame)) if impression_id is None else _codes(impression_id)
    table = {"impression": code, "user_id": user, "item_id": item, "time": time}
    if impression_id is not None:
        moments = {"user_id": _codes(user), "timestamp": time}
        for ours, values in moments.items():
            if ours in found.columns:
                rows.mark(ours, check_one_moment(code, {ours.removesuffix("_id"): values}))
    by = ["impression", "item_id"] if impression_id is not None else ["user_id", "item_id", "time"]
    keys = pl.DataFrame(table).select(by)
    if all(name == "impression" or name.replace("time", "timestamp") in found.columns for name in by):
        what = (
            "item shown twice in its impression" if impression_id is not None else "row that repeats another"
        )
        rows.mark("item_id", {what: check_repeats(keys)})
    if "position" in found.columns:
        rows.mark("position", check_positions(rows.column("position")))
        table["position"] = rows.numbers(rows.column("position")).astype(np.int32)
    if "propensity" in found.columns:
        rows.mark("propensity", check_propensities(rows.column("propensity")))
        table["propensity"] = rows.numbers(rows.column("propensity"))
    if "history" in found.columns:
        table["history"] = _lists_or_text(rows.column("history"))
    labels = {}
    for action, name in found.labels.items():
        check = check_amounts if columns.is_amount(action) else check_labels
        rows.mark_column(name, check(frame[name]))
        labels[action] = rows.numbers(frame[name]).astype(np.float32)
    return ImpressionRows(
        table=pl.DataFrame(table),
        labels=labels,
        context=frame.select(found.context) if found.context else None,
        bad=rows.bad,
        impression_id=impression_id,
    )


class _Cleaning:
    """Reads columns and keeps which rows are marked."""

    def __init__(self, frame: pl.DataFrame, found: Found, log: ProblemLog, *, from_text: bool) -> None:
        self._frame = frame
        self._found = found
        self._log = log
        self._from_text = from_text
        self.bad = np.zeros(len(frame), dtype=bool)

    def column(self, ours: str) -> pl.Series:
        return self._frame[self._found.columns[ours]]

    def mark(self, ours: str, marked: Mapping[str, np.ndarray]) -> None:
        self.mark_column(self._found.columns[ours], marked)

    def mark_column(self, name: str, marked: Mapping[str, np.ndarray]) -> None:
        for kind, rows in marked.items():
            self._log.mark(kind, column=name, rows=rows, values=self._frame[name])
            self.bad |= rows

    def ids(self, ours: str, *, needed: bool) -> pl.Series:
        """Return clean ids; all null where the log has no such column."""
        if ours not in self._found.columns:
            return pl.Series(ours, [None] * len(self._frame), dtype=pl.String)
        raw = self.column(ours)
        ids = clean_ids(raw, where=f"column {raw.name!r}")
        ids = integers_of(ids) if self._from_text else ids
        if needed:
            self.mark(ours, {f"null {ours.replace('_', ' ')}": ids.is_null().to_numpy()})
        return ids.rename(ours)

    def times(self) -> np.ndarray:
        """Return ``[n]`` microseconds; `NO_TIME` where the log has no times."""
        if "timestamp" not in self._found.columns:
            return np.full(len(self._frame), NO_TIME, dtype=np.int64)
        raw = self.column("timestamp")
        if raw.dtype in (pl.Categorical, pl.Enum):
            raw = raw.cast(pl.String)
        scan = TimeScan()
        scan.add(raw, where=f"column {raw.name!r}")
        times = scan.reading().read(raw)
        self.mark("timestamp", times.marked)
        return times.micros

    def numbers(self, values: pl.Series) -> np.ndarray:
        """Return ``[n]`` float64, 0 where a row is marked."""
        number = numbers_of(values).fill_null(0).to_numpy()
        return np.where(self.bad, 0, number)


def _lists_or_text(history: pl.Series) -> pl.Series:
    dtype = history.dtype
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return history.cast(pl.String)
    if dtype == pl.Null:
        return history.cast(pl.List(pl.String))
    lists = history.arr.to_list() if isinstance(dtype, pl.Array) else history
    if isinstance(lists.dtype, pl.List):
        inner = lists.dtype.inner
        if inner == pl.Null or inner in (pl.Categorical, pl.Enum):
            return lists.cast(pl.List(pl.String))
        if inner == pl.String or inner.is_integer():
            return lists
    raise SchemaError(
        f"column {history.name!r}: a history is a list of item ids, or text with a separator between them, "
        f"not {dtype}"
    )


def _codes(ids: pl.Series) -> np.ndarray:
    """Return ``[n]`` int64 codes by first appearance; null is an id as well."""
    known = ids.unique(maintain_order=True).rename("id").to_frame().with_row_index("code")
    asked = ids.rename("id").to_frame()
    found = asked.join(known, on="id", how="left", nulls_equal=True, maintain_order="left")
    return found["code"].cast(pl.Int64).to_numpy()
