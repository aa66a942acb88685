"""What all coders share: where a value stands, for messages; values as clean text; what encoding returns.

Rows count from 0. Messages never print a value that is long: the row and the id say where it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import polars as pl

from regard.data.columns import Column
from regard.errors import DataError, SchemaError

__all__ = ["MOST_BYTES", "Coded", "Place", "as_text", "is_no_value"]

MOST_BYTES: Final = 1 << 20  # of one cell of text

_SHOWN = 60
_MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-", "--")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A column as numbers, and what was counted.

    Parameters
    ----------
    column
        The numbers.
    missing
        Rows without a value.
    unseen
        Rows with a value (for a set: any member) that training did not know or found in one row only.
    """

    column: Column
    missing: int
    unseen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where values stand: table, column and, if the table has them, the ids of its rows.

    Parameters
    ----------
    source
        What messages call the table.
    column
        The column.
    ids
        ``[R]`` ids, named as their column, or None.
    """

    source: str
    column: str
    ids: pl.Series | None = None

    def cell(self, row: int) -> str:
        """Name one cell.

        Examples
        --------
        >>> Place(source="items.csv", column="brand", ids=pl.Series("item_id", ["a", "b"])).cell(1)
        "items.csv: column 'brand', row 1 (item_id 'b')"
        """
        whose = "" if self.ids is None else f" ({self.ids.name} {self.ids[row]!r})"
        return f"{self.source}: column {self.column!r}, row {row}{whose}"

    def refuse(self, bad: pl.Series, what: str, *, advice: str) -> None:
        """Raise if any row is marked in `bad` (``[R]`` bool); `what` says what is wrong with the first.

        ``{value}`` cannot be known here: a caller that wants to show it uses `refuse_value`.

        Raises
        ------
        DataError
            Naming the first row, how many there are, and what to do.
        """
        count = int(bad.sum())
        if count:
            raise DataError(f"{self.cell(bad.arg_max() or 0)}: {what}{_more(count)}; {advice}")

    def refuse_value(self, bad: pl.Series, values: pl.Series, what: str, *, advice: str) -> None:
        """Raise if any row is marked, showing the value of the first one (shortened).

        Raises
        ------
        DataError
            As `refuse` does.
        """
        if bad.any():
            self.refuse(bad, f"{_show(values[bad.arg_max() or 0])} {what}", advice=advice)

    def refuse_type(self, values: pl.Series, kind: str, *, advice: str) -> None:
        """Raise because the type of the column cannot hold this kind.

        Raises
        ------
        SchemaError
            Naming the type and the first value.
        """
        present = values.is_not_null()
        row = present.arg_max() or 0
        shown = (
            "" if values.dtype == pl.Binary or not present.any() else f", for instance {_show(values[row])}"
        )
        raise SchemaError(f"{self.cell(row)}: a {kind} cannot be read from {values.dtype}{shown}; {advice}")

    def refuse_mixed(self, values: pl.Series) -> None:
        """Raise if the column mixes kinds of values, naming the first that differs from the one before.

        Raises
        ------
        SchemaError
            Naming the row and the value.
        """
        if values.dtype != pl.Object:
            return
        kinds = [None if value is None else type(value).__name__ for value in values]
        usual = Counter(kind for kind in kinds if kind).most_common(1)[0][0] if any(kinds) else "object"
        row = next((row for row, kind in enumerate(kinds) if kind not in (None, usual)), 0)
        raise SchemaError(
            f"{self.cell(row)}: {_show(values[row])} is of type {kinds[row]}, most values are of type "
            f"{usual}; a column must hold one kind of value: make all of it text or numbers, or leave it out"
        )

    def refuse_long(self, text: pl.Series) -> None:
        """Raise if a cell of text has more than `MOST_BYTES` bytes; the text is not shown.

        Raises
        ------
        DataError
            Naming the row and the size.
        """
        size = text.str.len_bytes()
        long = (size > MOST_BYTES).fill_null(value=False)
        if long.any():
            megabytes = int(size[long.arg_max() or 0]) / MOST_BYTES
            self.refuse(
                long,
                f"the text has {megabytes:,.1f} MB, more than 1 MB",
                advice="shorten it, or leave the column out (kind 'ignore')",
            )


def as_text(values: pl.Series, *, place: Place, kind: str = "category") -> pl.Series:
    """Return values as text, null where missing or empty; whole floats as integers: 3.0 is '3'.

    Raises
    ------
    SchemaError
        If the column holds lists, records, bytes or a mixture.
    DataError
        If a cell has more than 1 MB.

    Examples
    --------
    >>> as_text(pl.Series([1.0, 2.5, None]), place=Place(source="t", column="c")).to_list()
    ['1', '2.5', None]
    """
    place.refuse_mixed(values)
    dtype = values.dtype
    if dtype.is_nested():
        place.refuse_type(
            values, kind, advice="say set (lists of values), vector (lists of numbers) or ignore"
        )
    if dtype == pl.Binary:
        place.refuse_type(values, kind, advice="say image, video or ignore")
    if dtype.is_float():
        whole = values.is_finite() & (values == values.round()) & (values.abs() < 2**53)
        text = pl.select(
            pl.when(whole)
            .then(values.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(values.fill_nan(None).cast(pl.String))
        ).to_series()
        return text.rename(values.name)
    text = values.cast(pl.String)
    if dtype != pl.String:
        return text
    place.refuse_long(text)
    text = text.str.strip_chars()
    return text.set((text == "").fill_null(value=False), None)


def is_no_value(text: pl.Series) -> pl.Series:
    """Tell which texts (stripped, lower or upper case) are a usual way to write that a number is missing."""
    return text.str.to_lowercase().is_in(_MISSING).fill_null(value=False)


def _show(value: object) -> str:
    text = repr(value.to_list() if isinstance(value, pl.Series) else value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _more(count: int) -> str:
    return "" if count == 1 else f" (and {count - 1:,} more row{'s' if count > 2 else ''})"
