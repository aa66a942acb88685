"""Numbers, prices and times, and values that are none."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from regard.data.coders.base import Coded, Place
from regard.data.coders.numbers import EDGES, NumberCoder
from regard.data.columns import Numbers
from regard.errors import DataError, SchemaError

PLACE = Place(source="items.csv", column="x", ids=pl.Series("item_id", ["a", "b", "c", "d"]))
ALL = np.ones(4, dtype=bool)


def numbers(coded: Coded) -> list[float]:
    assert isinstance(coded.column, Numbers)
    return [float(value) for value in coded.column.value_R]


def test_edges_are_quantiles_of_training_rows_only() -> None:
    values = pl.Series(np.r_[np.arange(1000.0), np.full(1000, 1e9)])
    coder = NumberCoder.fit(
        values, kind="number", used_R=np.arange(2000) < 1000, place=Place(source="i", column="x")
    )
    assert len(coder.edges) == EDGES
    assert (coder.edges[0], coder.edges[-1]) == (0, 999)
    assert np.all(np.diff(np.float32(coder.edges)) > 0)


@pytest.mark.parametrize("value", [0.0, -3.0, 1e9, None])
def test_one_value_or_none_still_gives_a_piece(value: float | None) -> None:
    coder = NumberCoder.fit(pl.Series([value] * 4, dtype=pl.Float64), kind="number", used_R=ALL, place=PLACE)
    assert len(coder.edges) == 2
    assert np.float32(coder.edges[0]) < np.float32(coder.edges[1])


def test_a_price_is_a_logarithm_with_a_sign() -> None:
    values = pl.Series(["$0", "-$9", "$1,299.00", None])
    coded = NumberCoder.fit(values, kind="price", used_R=ALL, place=PLACE).encode(values, place=PLACE)
    assert numbers(coded)[:3] == pytest.approx([0, -np.log(10), np.log(1300)], abs=1e-5)
    assert np.isnan(numbers(coded)[3])
    assert coded.missing == 1


def test_a_time_is_days_since_1970_and_read_the_same_way_later() -> None:
    coder = NumberCoder.fit(
        pl.Series(["01-Feb-1970", "02-Jan-1970", "", None]), kind="time", used_R=ALL, place=PLACE
    )
    coder = NumberCoder.from_json(coder.to_json())
    assert numbers(coder.encode(pl.Series(["03-Jan-1970"]), place=PLACE)) == [2]
    assert numbers(coder.encode(pl.Series([dt.date(1970, 1, 3)]), place=PLACE)) == [2]


def test_a_number_column_with_a_word_in_it_names_row_and_word() -> None:
    values = pl.Series(["1", "n/a", "large", "3"])
    with pytest.raises(DataError, match=r"row 2 \(item_id 'c'\): 'large' is no number; mend it.*x=category"):
        NumberCoder.fit(values, kind="number", used_R=ALL, place=PLACE)
    coder = NumberCoder.fit(pl.Series(["1", "n/a", "2", "3"]), kind="number", used_R=ALL, place=PLACE)
    with pytest.raises(DataError, match="'large' is no number"):
        coder.encode(values, place=PLACE)


def test_an_infinite_number_and_other_types_are_refused() -> None:
    with pytest.raises(DataError, match=r"row 1 .*infinite"):
        NumberCoder.fit(pl.Series([1.0, float("inf"), 2, 3]), kind="number", used_R=ALL, place=PLACE)
    with pytest.raises(SchemaError, match="a number cannot be read from List"):
        NumberCoder.fit(pl.Series([[1.0]] * 4), kind="number", used_R=ALL, place=PLACE)
    with pytest.raises(DataError, match=r"row 1 .*'soon' is not a time"):
        NumberCoder.fit(pl.Series(["2020-01-01", "soon", None, None]), kind="time", used_R=ALL, place=PLACE)
