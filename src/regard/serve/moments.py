"""Moments: a time of a request as microseconds since 1970 (UTC).

ISO 8601 text (without a zone it is UTC), or an integer whose size tells its unit, as in a log that is fitted
(`regard.data.times`): 1e8 and up seconds, 1e11 milliseconds, 1e14 microseconds, 1e17 nanoseconds.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

from regard.errors import DataError

__all__ = ["iso", "micros", "now"]

_SECOND: Final = 1_000_000
_AHEAD: Final = 86_400 * _SECOND  # clocks of devices differ, but not by more than a day
_MOST: Final = 2**53
_EDGES: Final = (10**11, 10**14, 10**17)


def now() -> int:
    """Return the present, microseconds since 1970."""
    return time.time_ns() // 1_000


def micros(moment: str | int) -> int:
    """Return a moment as microseconds since 1970.

    Raises
    ------
    DataError
        If it is no time, or lies more than a day ahead.

    Examples
    --------
    >>> micros(1_700_000_000) == micros("2023-11-14T22:13:20Z") == micros("2023-11-14 22:13:20")
    True
    """
    if isinstance(moment, str):
        try:
            read = datetime.fromisoformat(moment)
        except ValueError:
            raise DataError("a time is written as ISO 8601, as in 2026-05-04T10:00:00Z") from None
        aware = read.replace(tzinfo=UTC) if read.tzinfo is None else read
        difference = aware - datetime.fromtimestamp(0, UTC)
        value = (difference.days * 86_400 + difference.seconds) * _SECOND + difference.microseconds
    else:
        value = _of_number(moment)
    if not -_MOST < value < _MOST or value > now() + _AHEAD:
        raise DataError("a time may lie at most a day ahead, and not before 1684")
    return value


def iso(moment: int) -> str:
    """Return microseconds since 1970 as ISO 8601.

    Examples
    --------
    >>> iso(1_700_000_000_000_000)
    '2023-11-14T22:13:20Z'
    """
    seconds, rest = divmod(moment, _SECOND)
    text = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest).isoformat()
    return text.replace("+00:00", "Z")


def _of_number(number: int) -> int:
    size = abs(number)
    if size < _EDGES[0]:
        return number * _SECOND
    if size < _EDGES[1]:
        return number * 1_000
    return number if size < _EDGES[2] else number // 1_000
