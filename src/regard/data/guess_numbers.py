"""Guesses for columns of numbers: number, price, time, category, or a key to leave out.

The name of a column decides what its values leave open, and the reason says so.
"""

from __future__ import annotations

import polars as pl

from regard.data.facts import ColumnFacts
from regard.data.fields import Field
from regard.data.times import TimeScan

__all__ = ["ID_WORDS", "NEARLY_ALL", "PRICE_WORDS", "TIME_WORDS", "guess_number"]

PRICE_WORDS = frozenset(
    {
        "price",
        "prices",
        "amount",
        "cost",
        "costs",
        "fee",
        "fare",
        "revenue",
        "budget",
        "income",
        "salary",
        "msrp",
    }
)
TIME_WORDS = frozenset(
    {"time", "date", "datetime", "timestamp", "ts", "at", "epoch", "created", "updated", "published",
     "released", "since", "birthday", "birth"}
)  # fmt: skip
ID_WORDS = frozenset(
    {"id", "ids", "code", "sku", "ean", "isbn", "asin", "upc", "gtin", "key", "uuid", "guid", "zip",
     "zipcode", "postcode", "postal", "unnamed", "index", "hash", "no"}
)  # fmt: skip
_QUANTITY_WORDS = frozenset(
    {"age", "count", "num", "number", "n", "total", "quantity", "qty", "stock", "rank", "score", "rating",
     "votes", "pages", "runtime", "duration", "length", "width", "height", "weight", "depth", "popularity",
     "views", "sales", "percent", "discount", "minutes", "hours", "days"}
)  # fmt: skip
_NOUNS = frozenset(
    {"brand", "brands", "category", "categories", "subcategory", "type", "kind", "group", "class", "cluster",
     "segment", "department", "author", "publisher", "seller", "vendor", "merchant", "manufacturer",
     "supplier", "store", "shop", "colour", "color", "product", "campaign", "advertiser", "adgroup",
     "creative", "genre", "topic", "section", "language", "country", "region", "city", "artist",
     "director", "label"}
)  # fmt: skip
_YEAR_WORDS = frozenset({"year", "years", "jahr", "annee", "yr"})
NEARLY_ALL = 0.95  # of the rows have a value of their own: it is a key
_FEW = 32  # different integers that may be a category ...
_ROWS_EACH = 20  # ... if each stands in this many rows on average


def guess_number(facts: ColumnFacts, numbers: pl.Series, *, note: str = "") -> Field:
    """Guess the kind of a column whose values are `numbers` (without missing ones).

    Parameters
    ----------
    facts
        The column.
    numbers
        Its values as integers or floats.
    note
        What the reason begins with, for numbers that were written as text.

    Examples
    --------
    >>> from regard.data.facts import column_facts
    >>> year = pl.Series("release_year", [1994, 1995, 1995, 1999])
    >>> guess_number(column_facts(year), year).kind
    'number'
    """
    distinct, whole = numbers.n_unique(), _whole(numbers)

    def guess(kind: str, reason: str) -> Field:
        return Field.from_json({"name": facts.name, "kind": kind, "reason": note + reason})

    if facts.words & PRICE_WORDS:
        return guess("price", "numbers, and the name speaks of a price")
    if facts.words & _YEAR_WORDS:
        return guess("number", "years")
    if facts.words & TIME_WORDS and _is_epoch(numbers):
        return guess(
            "time", "numbers of the size of seconds (or finer) since 1970, and the name speaks of a time"
        )
    if not whole:
        return guess("number", "numbers with decimals")
    if facts.words & ID_WORDS:
        if distinct >= NEARLY_ALL * len(numbers):
            return guess("ignore", f"a key: {distinct:,} different integers in {len(numbers):,} rows")
        return guess("category", f"{distinct:,} different integers, and the name speaks of a code")
    if distinct <= 2:
        return guess("category", "a flag: two different values")
    if facts.words & _QUANTITY_WORDS:
        return guess("number", "integers, and the name speaks of a quantity")
    if facts.words & _NOUNS:
        return guess("category", f"{distinct:,} different integers, and the name speaks of what has no size")
    if distinct <= _FEW and distinct * _ROWS_EACH <= len(numbers):
        return guess("category", f"only {distinct} different integers")
    return guess("number", f"{distinct:,} different integers")


def _whole(numbers: pl.Series) -> bool:
    if not numbers.dtype.is_float():
        return numbers.dtype.is_integer()
    return bool((numbers.is_finite() & (numbers == numbers.round())).all())


def _is_epoch(numbers: pl.Series) -> bool:
    scan = TimeScan()
    scan.add(numbers.cast(pl.Float64), where="")
    return scan.reading().calendar
