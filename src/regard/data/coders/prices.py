"""Prices as text: "$1,299.00", "12,99 EUR", "1.299,00 €", "¥800" become numbers.

The last mark before one or two final digits is the decimal mark; a mark before three digits parts
thousands. "1.299" alone can be either: it is read as thousands only where the column writes decimals with a
comma. It does not convert currencies: a column of several is refused by nobody, and means little.
"""

from __future__ import annotations

import polars as pl

__all__ = ["price_share", "read_prices", "uses_comma"]

_MONEY = (
    r"(?i)[\p{Sc}]|\b(?:usd|eur|gbp|chf|jpy|cny|rmb|inr|brl|aud|cad|sek|nok|dkk|pln|czk|try|krw|rub)\b|元|円"
)
_NUMBER = r"^[-+]?\d[\d.,'\u{2019} \u{a0}\u{202f}]*$"


def price_share(text: pl.Series) -> float:
    """Return the share of texts that name a currency and can be read.

    Examples
    --------
    >>> price_share(pl.Series(["$12.99", "12,99 EUR", "cheap", "12.99"]))
    0.5
    """
    named = text.str.contains(_MONEY) & read_prices(text).is_not_null()
    return float(named.mean() or 0.0)  # type: ignore[arg-type]


def read_prices(text: pl.Series, *, comma: bool | None = None) -> pl.Series:
    """Return Float64 amounts, null where a text is none.

    Parameters
    ----------
    text
        Prices as text.
    comma
        Whether the column writes decimals with a comma; None looks at `text`.

    Examples
    --------
    >>> read_prices(pl.Series(["$1,299.00", "12,99 EUR", "1.299,00 €", "-5", "soon"])).to_list()
    [1299.0, 12.99, 1299.0, -5.0, None]
    """
    bare = text.str.replace_all(_MONEY, "").str.strip_chars()
    bare = bare.str.replace(r"^([-+])\s+", "${1}")
    bare = bare.set(~bare.str.contains(_NUMBER).fill_null(value=True), None)
    bare = bare.str.replace_all(r"['\u{2019}\s\u{a0}\u{202f}]", "")
    decimal_comma = uses_comma(text) if comma is None else comma
    without = pl.col("p").str.replace_all
    number = (
        pl.when(pl.col("p").str.contains(r",\d{1,2}$"))
        .then(without(".", "", literal=True).str.replace(",", ".", literal=True))
        .when(pl.col("p").str.contains(r"\.\d{1,2}$"))
        .then(without(",", "", literal=True))
        .when(pl.col("p").str.contains(r"\..*\.") | pl.lit(decimal_comma))
        .then(pl.col("p").str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .otherwise(without(",", "", literal=True))
    )
    read = bare.rename("p").to_frame().select(number.cast(pl.Float64, strict=False))
    return read.to_series().rename(text.name)


def uses_comma(text: pl.Series) -> bool:
    """Tell whether more texts write decimals with a comma than with a point."""
    comma = int(text.str.contains(r"\d,\d{1,2}(?:\D*)$").sum())
    return comma > int(text.str.contains(r"\d\.\d{1,2}(?:\D*)$").sum())
