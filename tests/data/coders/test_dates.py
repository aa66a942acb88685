"""Dates and times of any form."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from regard.data.coders.base import Place
from regard.data.coders.dates import DateReading, date_pattern
from regard.errors import SchemaError

PLACE = Place(source="items", column="released")


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([dt.date(1970, 1, 3), None]),
        pl.Series([dt.datetime(1970, 1, 3), None]),
        pl.Series(["1970-01-03", ""]),
        pl.Series(["03.01.1970", None]),
        pl.Series(["January 3, 1970", None]),
    ],
)
def test_every_form_of_a_day_is_the_same_number(values: pl.Series) -> None:
    assert DateReading.of(values, place=PLACE).days(values, place=PLACE).to_list() == [2, None]


def test_epochs_of_any_unit_are_days() -> None:
    for unit in (1, 1_000):
        values = pl.Series([1_300_000_000 * unit])
        assert DateReading.of(values, place=PLACE).days(values, place=PLACE)[0] == pytest.approx(
            15046.296, abs=1e-3
        )


def test_month_first_is_read_where_it_reads_more() -> None:
    assert date_pattern(pl.Series(["01/13/2020", "02/01/2020"])) == "%m/%d/%Y"
    assert date_pattern(pl.Series(["01/02/2020"])) == "%d/%m/%Y"
    assert date_pattern(pl.Series(["red", "blue"])) is None


def test_a_date_far_ahead_is_missing() -> None:
    values = pl.Series([dt.date(2020, 1, 1), dt.date(9999, 12, 31)])
    assert DateReading.of(values, place=PLACE).days(values, place=PLACE)[1] is None


def test_lists_are_no_times() -> None:
    with pytest.raises(SchemaError, match="a time cannot be read from List"):
        DateReading.of(pl.Series([["2020-01-01"]]), place=PLACE)
