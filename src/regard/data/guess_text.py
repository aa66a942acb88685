"""Guesses for columns of text: category, set, text, time, price, number, vector, files, or a key.

Guesses look at up to 20,000 values of a column; what the coder cannot read is refused later, by row.
"""

from __future__ import annotations

import polars as pl

from regard.data.coders.base import is_no_value
from regard.data.coders.dates import date_pattern
from regard.data.coders.prices import price_share, read_prices
from regard.data.coders.sets import guess_separator
from regard.data.facts import ColumnFacts
from regard.data.fields import Field
from regard.data.guess_numbers import ID_WORDS, NEARLY_ALL, PRICE_WORDS, guess_number
from regard.data.times import TimeReading

__all__ = ["guess_text"]

_MOST = 0.9
_NUMERIC = 0.99  # the rest are mistakes, which the coder names by row
_TEXT_WORDS = frozenset(
    {"title", "description", "overview", "summary", "abstract", "text", "plot", "tagline", "headline",
     "caption", "body", "review", "bio", "synopsis"}
)  # fmt: skip
_IMAGE = r"(?i)\.(?:jpe?g|png|webp|gif|bmp|tiff?|avif)$"
_VIDEO = r"(?i)\.(?:mp4|m4v|mkv|webm|mov|avi|mpe?g)$"
_ADDRESS = r"(?i)^(?:https?://|www\.)\S+$"
_IMAGE_ADDRESS = r"(?i)\.(?:jpe?g|png|webp|gif)(?:\?\S*)?$"
_CJK = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_WORD = r"[\p{L}\p{N}]+"
_MANY_WORDS = 5.0
_VECTOR = r"^\[\s*-?\d[\d.eE+-]*(?:[,\s]+-?\d[\d.eE+-]*)+\s*\]$"


def guess_text(facts: ColumnFacts) -> Field:
    """Guess the kind of a column of text that has at least one value.

    Examples
    --------
    >>> from regard.data.facts import column_facts
    >>> guess_text(column_facts(pl.Series("cover", ["a.jpg", "b.jpg"]))).kind
    'image'
    """
    return _written(facts) or _numeric(facts) or _formatted(facts) or _worded(facts)


def _guess(facts: ColumnFacts, kind: str, reason: str, *, separator: str | None = None) -> Field:
    return Field.from_json({"name": facts.name, "kind": kind, "reason": reason, "separator": separator})


def _written(facts: ColumnFacts) -> Field | None:
    """Guess by how values are written: addresses, files, structures."""
    text = facts.sample
    if facts.share(text.str.contains(_ADDRESS)) >= _MOST:
        if facts.share(text.str.contains(_IMAGE_ADDRESS)) >= _MOST:
            return _guess(
                facts, "ignore", "addresses of pictures: download them and give the paths of the files"
            )
        return _guess(facts, "ignore", "addresses of web pages")
    if facts.share(text.str.contains(_IMAGE)) >= _MOST:
        return _guess(facts, "image", "names of files that end like pictures")
    if facts.share(text.str.contains(_VIDEO)) >= _MOST:
        return _guess(facts, "video", "names of files that end like videos")
    if facts.share(text.str.contains(r"^(?:\{|\[\s*[{\]])")) >= _MOST:
        return _guess(facts, "text", "records written as text: their words; for a set, give a list of names")
    if (
        facts.share(text.str.contains(_VECTOR)) >= _MOST
        and facts.share(text.str.contains(r"\d\.\d")) >= _MOST
    ):
        return _guess(facts, "vector", "lists of numbers written as text")
    if facts.share(text.str.contains(r"""^\[\s*['"]""")) >= _MOST:
        return _guess(facts, "set", "lists written as text", separator=",")
    return None


def _numeric(facts: ColumnFacts) -> Field | None:
    """Guess numbers and prices that are written as text."""
    text = facts.sample
    if facts.share(text.str.contains(r"^-?0\d")) > 0.01:
        return None  # "007" is a code
    number = text.cast(pl.Float64, strict=False)
    no_value = is_no_value(text)
    share = facts.share(number.is_not_null() | no_value)
    if share >= (1.0 if facts.words & ID_WORDS else _NUMERIC) and number.is_not_null().any():
        numbers = facts.present.cast(pl.Float64, strict=False).drop_nulls()
        rest = facts.count - len(numbers) - int(is_no_value(facts.present).sum())
        note = f"{rest:,} of {facts.count:,} values are no numbers; the others: " if rest else ""
        return guess_number(facts, numbers, note=note)
    if price_share(text) >= 0.8:
        return _guess(facts, "price", "numbers with a currency")
    if facts.words & PRICE_WORDS and facts.share(read_prices(text).is_not_null() | no_value) >= _MOST:
        return _guess(facts, "price", "numbers, and the name speaks of a price")
    return None


def _formatted(facts: ColumnFacts) -> Field | None:
    """Guess times."""
    pattern = date_pattern(facts.sample)
    if pattern is not None:
        return _guess(facts, "time", f"dates written as {pattern}")
    if facts.share(facts.sample.str.contains(r"^\d{4}-\d{1,2}-\d{1,2}")) >= _MOST:
        unread = TimeReading(kind="iso").read(facts.sample).marked["unparsable time"]
        if unread.mean() <= 1 - _MOST:
            return _guess(facts, "time", "ISO dates or times")
    return None


def _worded(facts: ColumnFacts) -> Field:
    """Guess text, set, category or key."""
    distinct, count, share = facts.distinct or 0, facts.count, facts.share_distinct
    different = f"{distinct:,} different values in {count:,} rows"
    if facts.words & _TEXT_WORDS and share >= 0.3:
        return _guess(facts, "text", f"the name speaks of text: {different}")
    length = _words(facts.sample)
    separator = guess_separator(facts.sample)
    if separator is not None and length < 20:
        return _guess(facts, "set", f"values that {separator!r} separates", separator=separator)
    if length >= 2 * _MANY_WORDS or (length >= 2 and share >= 0.5 and distinct > 2):
        return _guess(facts, "text", f"{length:.0f} words on average, {different}")
    key = facts.share(facts.sample.str.contains(r"[\s\p{Han}]")) < 0.05
    if share >= NEARLY_ALL and count > 1 and key and (count >= 20 or facts.words & ID_WORDS):
        return _guess(facts, "ignore", f"a key without words: {different}")
    return _guess(facts, "category", different)


def _words(text: pl.Series) -> float:
    """Return the mean number of words; two Chinese or Japanese characters count as a word."""
    cjk = text.str.count_matches(_CJK)
    words = text.str.replace_all(_CJK, " ").str.count_matches(_WORD)
    return float((cjk / 2 + words).mean() or 0.0)  # type: ignore[arg-type]
