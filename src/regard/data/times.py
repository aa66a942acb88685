"""Times as they come: integers of any unit, ISO strings, dates, datetimes; out come microseconds (UTC).

What a column holds is decided once, over all its values (`TimeScan`), and said in the report; then
`TimeReading` converts batches and marks what it cannot believe. A datetime without zone is taken as
UTC. It does not know what happens to the marked rows.
"""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from regard.errors import SchemaError

__all__ = ["MICROSECONDS", "TimeReading", "TimeScan", "Times", "iso_micros"]

MICROSECONDS = 1_000_000
Kind = Literal["number", "iso", "datetime"]
Unit = Literal["s", "ms", "us", "ns"]

_YEAR = 31_556_952  # seconds, the mean of the Gregorian calendar
_UNITS: tuple[Unit, ...] = ("s", "ms", "us", "ns")
_PER_SECOND: Mapping[Unit, int] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
# Magnitudes: below the first a number is no calendar time (1973 in seconds); each further unit is a
# thousand times finer, so that the four ranges of plausible dates (1973 to 5138) do not touch.
_EDGES = np.array([1e8, 1e11, 1e14, 1e17])
_UNREADABLE = "unparsable time"
_AHEAD = "time more than 100 years ahead"
_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """One batch of times.

    Parameters
    ----------
    micros
        ``[n]`` int64 microseconds; 0 where a row is marked.
    marked
        By kind of problem, ``[n]`` bool: the rows that have it.
    """

    micros: np.ndarray
    marked: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeReading:
    """How a column of times is read, decided over the whole column.

    Parameters
    ----------
    kind
        Numbers, ISO strings, or values of a date type.
    unit
        Unit of numbers.
    calendar
        False for small numbers that are no calendar time, such as 0, 1, 2.
    zoneless
        Whether values without a time zone were seen, which are taken as UTC.
    """

    kind: Kind
    unit: Unit = "s"
    calendar: bool = True
    zoneless: bool = False

    def describe(self) -> str:
        """Say in a few words how the times were understood."""
        if self.kind == "number":
            names = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
            since = "since 1970 (UTC)" if self.calendar else "from the log's own zero (no calendar time)"
            return f"numbers, {names[self.unit]} {since}"
        what = "ISO strings" if self.kind == "iso" else "dates and times"
        return f"{what} without time zone, taken as UTC" if self.zoneless else f"{what} with time zone"

    def read(self, times: pl.Series) -> Times:
        """Convert a batch; what is null, unreadable or unbelievable is marked, not converted."""
        null = _missing(times)
        if self.kind == "number":
            read = self._read_numbers(times)
        else:
            parsed = _parse_iso(times).micros if self.kind == "iso" else _as_micros(times)
            micros = parsed.fill_null(0).to_numpy()
            ahead = {_AHEAD: micros > _latest_micros()}
            read = Times(micros=micros, marked={_UNREADABLE: parsed.is_null().to_numpy(), **ahead})
        marked = {kind: mask & ~null for kind, mask in read.marked.items()}
        bad = null | np.logical_or.reduce(list(marked.values()))
        return Times(micros=np.where(bad, 0, read.micros), marked={"null time": null, **marked})

    def _read_numbers(self, times: pl.Series) -> Times:
        value = _as_numbers(times)
        unreadable = value.is_null()
        if value.dtype.is_float():
            unreadable |= ~value.is_finite().fill_null(value=False)
        per_second = _PER_SECOND[self.unit]
        number = value.set(unreadable, 0).to_numpy()
        # Compared in their own unit, since a value of a finer unit would overflow as microseconds.
        ahead = number > _latest_micros() / MICROSECONDS * per_second
        coarse = np.zeros(len(number), dtype=bool)
        if self.calendar and self.unit != "s":
            coarse = (number >= 0) & (number < _EDGES[_UNITS.index(self.unit)]) & ~unreadable.to_numpy()
        safe = np.where(ahead | coarse, 0, number)
        micros = safe // 1000 if self.unit == "ns" else safe * (MICROSECONDS // per_second)
        marked = {
            _UNREADABLE: unreadable.to_numpy(),
            _AHEAD: ahead,
            f"time not in the unit of the others ({self.unit})": coarse,
        }
        return Times(micros=np.rint(micros).astype(np.int64), marked=marked)


class TimeScan:
    """Looks at all times of a column and decides how they are read.

    Examples
    --------
    >>> scan = TimeScan()
    >>> scan.add(pl.Series([1_300_000_000_000, 1_300_000_000_500]), where="column 'ts'")
    >>> scan.reading().describe()
    'numbers, milliseconds since 1970 (UTC)'
    """

    def __init__(self) -> None:
        self._magnitudes = np.zeros(len(_EDGES) + 1, dtype=np.int64)
        self._iso = 0
        self._zoneless = False
        self._typed = False

    def add(self, times: pl.Series, *, where: str) -> None:
        """Look at one batch.

        Raises
        ------
        SchemaError
            If the type of the column cannot hold times.
        """
        if times.dtype.is_numeric():
            self._count(times)
        elif times.dtype in (pl.String, pl.Categorical, pl.Enum, pl.Null):
            text = times.cast(pl.String)
            numbers = _as_numbers(text)
            self._count(numbers)
            if numbers.null_count() > text.null_count():
                parsed = _parse_iso(text)
                self._iso += len(text) - parsed.micros.null_count()
                self._zoneless |= parsed.zoneless
        elif times.dtype in (pl.Date, pl.Datetime):
            self._typed = True
            self._zoneless |= times.dtype == pl.Date or getattr(times.dtype, "time_zone", None) is None
        else:
            raise SchemaError(f"{where}: times must be numbers, ISO strings or datetimes, not {times.dtype}")

    def reading(self) -> TimeReading:
        """Decide: the kind and the unit that most values have."""
        if self._typed:
            return TimeReading(kind="datetime", zoneless=self._zoneless)
        if self._iso > self._magnitudes.sum():
            return TimeReading(kind="iso", zoneless=self._zoneless)
        most = int(self._magnitudes.argmax())
        return TimeReading(kind="number", unit=_UNITS[max(most - 1, 0)], calendar=most > 0)

    def _count(self, numbers: pl.Series) -> None:
        value = numbers.drop_nulls()
        if value.dtype.is_float():
            value = value.filter(value.is_finite())
        if len(value) == 0:
            return
        size = np.abs(value.to_numpy())
        low, high = np.searchsorted(_EDGES, [size.min(), size.max()], side="right")
        if low == high:  # nearly always: all values of a batch are of one magnitude
            self._magnitudes[low] += len(size)
        else:
            bins = np.searchsorted(_EDGES, size, side="right")
            self._magnitudes += np.bincount(bins, minlength=len(self._magnitudes))


def iso_micros(text: str) -> int | None:
    """Return the microseconds since 1970 (UTC) of an ISO date or time; None if it is none.

    Examples
    --------
    >>> iso_micros("1970-01-02"), iso_micros("1970-01-01T01:00:00+01:00"), iso_micros("yesterday")
    (86400000000, 0, None)
    """
    micros: int | None = _parse_iso(pl.Series([text])).micros[0]
    return micros


@dataclass(frozen=True, slots=True)
class _Parsed:
    micros: pl.Series
    zoneless: bool


def _parse_iso(text: pl.Series) -> _Parsed:
    """Parse ISO strings to Int64 microseconds; null where a string is none."""
    plain = pl.col("t").cast(pl.String).str.strip_chars().str.replace("T", " ", literal=True)
    zoned = plain.str.replace(r"\s*[zZ]$", "+00:00")
    naive = pl.coalesce(plain.str.to_datetime(form, strict=False, time_unit="us") for form in _FORMATS)
    aware = pl.coalesce(
        zoned.str.to_datetime(f"{form}%#z", strict=False, time_unit="us", time_zone="UTC")
        for form in _FORMATS[:2]
    )
    frame = text.rename("t").to_frame()
    local = frame.select(naive.dt.epoch("us")).to_series()
    if local.null_count() == text.null_count():
        return _Parsed(local, zoneless=local.null_count() < len(local))
    universal = frame.select(aware.dt.epoch("us")).to_series()
    both = pl.select(pl.coalesce(local, universal)).to_series()
    return _Parsed(both, zoneless=local.null_count() < len(local))


def _as_numbers(times: pl.Series) -> pl.Series:
    """Return integers where all values are, else floats; null where text is no number."""
    if times.dtype.is_integer():
        return times.cast(pl.Int64, strict=False)
    if times.dtype.is_float():
        return times.cast(pl.Float64)
    integers = times.cast(pl.Int64, strict=False)
    if integers.null_count() == times.null_count():
        return integers
    floats = times.cast(pl.Float64, strict=False)
    return integers if floats.null_count() == integers.null_count() else floats


def _as_micros(times: pl.Series) -> pl.Series:
    if times.dtype == pl.Date:
        times = times.cast(pl.Datetime("us"))
    return times.dt.epoch("us")


def _missing(times: pl.Series) -> np.ndarray:
    null = times.is_null()
    if times.dtype.is_float():
        null |= times.is_nan().fill_null(value=False)
    elif times.dtype == pl.String:
        null |= (times == "").fill_null(value=False)
    return null.to_numpy()


def _latest_micros() -> int:
    return int((clock.time() + 100 * _YEAR) * MICROSECONDS)
