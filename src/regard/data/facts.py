"""Facts about a column that guesses and reports need: its values without the missing ones, how many differ.

A text that is empty, and a NaN, is a missing value. What the facts mean is `regard.data.infer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

__all__ = ["ColumnFacts", "column_facts", "name_words"]

_SAMPLE = 20_000
_HEAD = 500  # characters of a text that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """What is known of a column at first sight.

    Parameters
    ----------
    name
        The column.
    words
        The words of its name, in lower case.
    rows, missing
        All rows; rows without a value.
    distinct
        Different values; of lists of anything but floats, different members; None where nobody compares.
    sample
        At most 20,000 values, spread evenly over the column; long text is cut.
    present
        All values that are not missing, text stripped.
    """

    name: str
    words: frozenset[str]
    rows: int
    missing: int
    distinct: int | None
    sample: pl.Series
    present: pl.Series

    @property
    def count(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing

    @property
    def share_distinct(self) -> float:
        """Different values by rows with a value; 0 where nobody compares."""
        return (self.distinct or 0) / max(self.count, 1)

    def share(self, marked: pl.Series) -> float:
        """Return the share of the sample that is marked (``[n]`` bool, null counts as not marked)."""
        return int(marked.sum()) / max(len(marked), 1)


def column_facts(values: pl.Series) -> ColumnFacts:
    """Look at a column.

    Examples
    --------
    >>> facts = column_facts(pl.Series("UnitPrice", [1.5, float("nan"), 1.5]))
    >>> sorted(facts.words), facts.missing, facts.distinct
    (['price', 'unit'], 1, 1)
    """
    present = _present(values)
    step = max(1, -(-len(present) // _SAMPLE))
    sample = present.gather_every(step)
    return ColumnFacts(
        name=values.name,
        words=frozenset(name_words(values.name)),
        rows=len(values),
        missing=len(values) - len(present),
        distinct=_distinct(present),
        sample=sample.str.head(_HEAD) if sample.dtype == pl.String else sample,
        present=present,
    )


def name_words(name: str) -> Iterator[str]:
    """Yield the words of a column's name in lower case.

    Examples
    --------
    >>> list(name_words("UnitPrice")), list(name_words("created_at")), list(name_words("itemID2"))
    (['unit', 'price'], ['created', 'at'], ['item', 'id', '2'])
    """
    for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+", name):
        yield part.lower()


def _present(values: pl.Series) -> pl.Series:
    if values.dtype in (pl.Categorical, pl.Enum):
        values = values.cast(pl.String)
    if values.dtype == pl.String:
        text = values.str.strip_chars()
        return text.filter((text != "").fill_null(value=False))
    if values.dtype == pl.Object:
        return values.filter(values.is_not_null())
    if values.dtype.is_float():
        values = values.fill_nan(None)
    return values.drop_nulls()


def _distinct(present: pl.Series) -> int | None:
    dtype = present.dtype
    if isinstance(dtype, pl.Array | pl.List):
        inner = dtype.inner
        if inner.is_float() or inner.is_nested() or inner == pl.Object:
            return None
        lists = present.arr.to_list() if isinstance(dtype, pl.Array) else present
        return lists.explode(empty_as_null=False, keep_nulls=False).drop_nulls().n_unique()
    if dtype.is_nested() or dtype in (pl.Object, pl.Binary):
        return None
    return present.n_unique() if len(present) else 0
