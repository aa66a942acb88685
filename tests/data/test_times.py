"""Times of every kind become microseconds, and what cannot be believed is marked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.data.times import TimeReading, Times, TimeScan, iso_micros
from regard.errors import SchemaError

SECOND = 1_300_000_000
MOMENT = dt.datetime(2011, 3, 13, 7, 6, 40)


def read(values: list[Any] | pl.Series) -> tuple[TimeReading, Times]:
    series = values if isinstance(values, pl.Series) else pl.Series(values)
    scan = TimeScan()
    scan.add(series, where="column 't'")
    reading = scan.reading()
    return reading, reading.read(series)


def marked(times: Times) -> dict[str, list[int]]:
    return {kind: np.flatnonzero(rows).tolist() for kind, rows in times.marked.items() if rows.any()}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([SECOND], "numbers, seconds"),
        ([SECOND * 10**3], "numbers, milliseconds"),
        ([SECOND * 10**6], "numbers, microseconds"),
        ([SECOND * 10**9], "numbers, nanoseconds"),
        ([float(SECOND)], "numbers, seconds"),
        ([str(SECOND)], "numbers, seconds"),
        ([str(SECOND * 1000)], "numbers, milliseconds"),
        ([f"{SECOND}.0"], "numbers, seconds"),
        (["2011-03-13T07:06:40"], "ISO strings without time zone, taken as UTC"),
        (["2011-03-13 07:06:40.000"], "ISO strings without time zone, taken as UTC"),
        (["2011-03-13T07:06:40Z"], "ISO strings with time zone"),
        (["2011-03-13T09:06:40+02:00"], "ISO strings with time zone"),
        (["2011-03-13 09:06:40.0+0200"], "ISO strings with time zone"),
        ([MOMENT], "dates and times without time zone, taken as UTC"),
        ([MOMENT.replace(tzinfo=dt.UTC)], "dates and times with time zone"),
    ],
)
def test_every_way_to_write_a_moment_is_the_same_moment(values: list[Any], says: str) -> None:
    reading, times = read(values)
    assert times.micros.tolist() == [SECOND * 10**6]
    assert reading.describe().startswith(says)
    assert marked(times) == {}


def test_datetimes_of_any_unit_and_zone_are_the_same_moment() -> None:
    for unit in ("ms", "us", "ns"):
        _, times = read(pl.Series([MOMENT]).cast(pl.Datetime(unit)))
        assert times.micros.tolist() == [SECOND * 10**6]
    tokyo = pl.Series([MOMENT]).dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo")
    assert read(tokyo)[1].micros.tolist() == [SECOND * 10**6]


def test_dates_are_midnight() -> None:
    day = 86_400 * 10**6
    assert read([dt.date(1970, 1, 3)])[1].micros.tolist() == [2 * day]
    assert read(["1970-01-03", "1970-01-03T00:01"])[1].micros.tolist() == [2 * day, 2 * day + 60 * 10**6]


def test_fractions_of_a_second_are_kept_to_the_microsecond() -> None:
    assert read([SECOND + 0.25])[1].micros.tolist() == [SECOND * 10**6 + 250_000]
    assert read(["2011-03-13T07:06:40.123456"])[1].micros.tolist() == [SECOND * 10**6 + 123_456]


def test_small_numbers_are_seconds_that_are_no_calendar_time() -> None:
    reading, times = read([0, 1, 2])
    assert times.micros.tolist() == [0, 10**6, 2 * 10**6]
    assert not reading.calendar
    assert "no calendar time" in reading.describe()


def test_the_unit_is_that_of_most_values_and_the_others_are_marked() -> None:
    _, times = read([SECOND, SECOND + 1, SECOND * 1000])
    assert marked(times) == {"time more than 100 years ahead": [2]}
    _, times = read([SECOND * 1000, SECOND * 1000 + 1, SECOND])
    assert marked(times) == {"time not in the unit of the others (ms)": [2]}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([SECOND, None], {"null time": [1]}),
        ([float(SECOND), float("nan")], {"null time": [1]}),
        ([str(SECOND), "yesterday"], {"unparsable time": [1]}),
        (["2011-03-13", "13/03/2011", "2011-02-30"], {"unparsable time": [1, 2]}),
        (["2011-03-13", ""], {"null time": [1]}),
        (["2011-03-13", "2211-03-13"], {"time more than 100 years ahead": [1]}),
        ([SECOND, 2**62], {"time more than 100 years ahead": [1]}),
        ([MOMENT, dt.datetime(2999, 1, 1)], {"time more than 100 years ahead": [1]}),
        ([float(SECOND), float("inf")], {"unparsable time": [1]}),
    ],
)
def test_times_that_cannot_be_used_are_marked_by_kind(
    values: list[Any], expected: dict[str, list[int]]
) -> None:
    assert marked(read(values)[1]) == expected


def test_the_unit_is_decided_over_all_batches() -> None:
    scan = TimeScan()
    scan.add(pl.Series([0]), where="t")
    scan.add(pl.Series([SECOND * 1000] * 5), where="t")
    assert scan.reading().unit == "ms"


def test_a_type_that_holds_no_times_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"column 't'.*not List"):
        read(pl.Series([[1]]))


def test_iso_micros_reads_one_moment() -> None:
    assert iso_micros("2011-03-13T07:06:40") == SECOND * 10**6
    assert iso_micros("next week") is None
