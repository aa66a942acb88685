"""Prices as people write them."""

from __future__ import annotations

import polars as pl
import pytest

from regard.data.coders.prices import price_share, read_prices, uses_comma


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$12.99", 12.99), ("12,99 EUR", 12.99), ("€ 1.299,00", 1299), ("£1,299", 1299), ("1 299,50 kr", None),
        ("1 299,50 SEK", 1299.5), ("1'299.50 CHF", 1299.5), ("¥800", 800), ("800元", 800), ("- $5", -5), ("-$5", -5),
        ("1.299.000 COP", None), ("$1.299.000", 1_299_000), ("$10 - $20", None), ("free", None), ("12.5", 12.5),
    ],
)  # fmt: skip
def test_a_price_is_read(text: str, amount: float | None) -> None:
    assert read_prices(pl.Series([text]))[0] == amount


def test_three_digits_after_a_point_are_thousands_where_decimals_have_a_comma() -> None:
    assert read_prices(pl.Series(["1.299", "3,50"])).to_list() == [1299, 3.5]
    assert read_prices(pl.Series(["1.299", "3.50"])).to_list() == [1.299, 3.5]
    assert uses_comma(pl.Series(["3,50 EUR", "4.000 EUR"]))


def test_only_texts_that_name_a_currency_speak_of_a_price() -> None:
    assert price_share(pl.Series(["$1", "2", "3"])) == pytest.approx(1 / 3)
    assert price_share(pl.Series([], dtype=pl.String)) == 0
