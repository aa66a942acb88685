"""Dates and times as days since 1970: date types, ISO strings, a few other ways to write a date, epochs.

How a column is read is decided once, when its coder is fitted (`DateReading`), so that a later table is read
the same way. "01/02/2020" is read day first, unless month first reads more of the column.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import polars as pl

from regard.config import Config
from regard.data.coders.base import Place
from regard.data.times import MICROSECONDS, TimeReading, TimeScan

__all__ = ["DateReading", "date_pattern"]

_DAY: Final = 86_400 * MICROSECONDS
_PATTERNS = (
    "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%B %d, %Y", "%b %d, %Y", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y",
    "%Y/%m/%d", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p",
)  # fmt: skip
_LIKE = r"^[A-Za-z0-9]{1,9}[ ./-][A-Za-z0-9]{1,9},?[ ./-]\d{2,4}(?: \d[\d:]+(?: [AaPp][Mm])?)?$"


class DateReading(Config):
    """How a column of dates is read.

    Attributes
    ----------
    kind
        Numbers, ISO strings, values of a date type, or strings of another pattern.
    unit
        Unit of numbers.
    calendar
        Whether numbers are calendar times.
    pattern
        The pattern of strings, as `strftime` knows it.
    """

    kind: Literal["number", "iso", "datetime", "pattern"]
    unit: Literal["s", "ms", "us", "ns"] = "s"
    calendar: bool = True
    pattern: str | None = None

    @classmethod
    def of(cls, values: pl.Series, *, place: Place) -> DateReading:
        """Decide how a column is read.

        Raises
        ------
        SchemaError
            If its type cannot hold times.
        """
        place.refuse_mixed(values)
        text = values.dtype in (pl.String, pl.Categorical, pl.Enum)
        pattern = date_pattern(values.cast(pl.String)) if text else None
        if pattern is not None:
            return cls(kind="pattern", pattern=pattern)
        if values.dtype == pl.Null:
            return cls(kind="iso")
        if not (text or values.dtype.is_numeric() or values.dtype in (pl.Date, pl.Datetime)):
            place.refuse_type(values, "time", advice="give dates, ISO strings or seconds since 1970")
        scan = TimeScan()
        scan.add(values, where=place.source)
        reading = scan.reading()
        return cls(kind=reading.kind, unit=reading.unit, calendar=reading.calendar)

    def days(self, values: pl.Series, *, place: Place) -> pl.Series:
        """Return Float64 days since 1970; null where missing or more than 100 years ahead.

        Raises
        ------
        DataError
            If a value cannot be read, naming row and value.
        """
        place.refuse_mixed(values)
        if values.dtype in (pl.String, pl.Categorical, pl.Enum):
            values = values.cast(pl.String).str.strip_chars()
            values = values.set((values == "").fill_null(value=False), None)
        if values.dtype == pl.Null or values.null_count() == len(values):
            return pl.Series(values.name, [None] * len(values), dtype=pl.Float64)
        if self.kind == "pattern" and values.dtype == pl.String:
            days = _parse(values, self.pattern or "")
            bad, null = days.is_null() & values.is_not_null(), days.is_null()
        else:
            times = self._reading(values, place=place).read(values)
            bad = pl.Series(times.marked["unparsable time"])
            null = pl.Series(np.logical_or.reduce(list(times.marked.values())))
            days = pl.Series(times.micros) / _DAY
        place.refuse_value(
            bad,
            values,
            "is not a time that can be read",
            advice="write dates as 2024-12-31, or say another kind for this column",
        )
        return days.set(null, None).rename(values.name)

    def _reading(self, values: pl.Series, *, place: Place) -> TimeReading:
        """Return the reading for the type at hand, which may have become better than it was in training."""
        fits = {
            "number": values.dtype.is_numeric() or values.dtype == pl.String,
            "iso": values.dtype == pl.String,
        }
        if self.kind in ("number", "iso") and fits[self.kind]:
            return TimeReading(kind=self.kind, unit=self.unit, calendar=self.calendar)
        other = DateReading.of(values, place=place)
        kind = "iso" if other.kind == "pattern" else other.kind
        return TimeReading(kind=kind, unit=other.unit, calendar=other.calendar)


def date_pattern(text: pl.Series) -> str | None:
    """Return the pattern, other than ISO, that reads at least 95 % of the texts, or None.

    Examples
    --------
    >>> date_pattern(pl.Series(["01-Jan-1995", "12-Feb-1996"])), date_pattern(pl.Series(["2020-01-31"]))
    ('%d-%b-%Y', None)
    """
    present = text.str.strip_chars().drop_nulls()
    sample = present.filter(present != "").head(2000)
    if len(sample) == 0 or int(sample.str.contains(_LIKE).sum()) < 0.95 * len(sample):
        return None
    read = {pattern: len(sample) - _parse(sample, pattern).null_count() for pattern in _PATTERNS}
    best = max(read, key=lambda pattern: read[pattern])
    return best if read[best] >= 0.95 * len(sample) else None


def _parse(text: pl.Series, pattern: str) -> pl.Series:
    if ":%M" in pattern:
        times = text.str.to_datetime(pattern, strict=False, time_unit="us")
    else:
        times = text.str.to_date(pattern, strict=False).cast(pl.Datetime("us"))
    return times.cast(pl.Int64) / _DAY
