"""Ids as they come: strings or integers, decided over a whole column, given back exactly as they came.

`clean_ids` brings one batch to String or Int64; `IdScan` sees all batches, counts every id and then
makes the vocabulary. Text becomes integers only if every value is an integer written the usual way:
one "007" keeps the whole column as strings.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from regard.data.vocab import Vocab
from regard.errors import SchemaError

__all__ = ["IdScan", "clean_ids", "integers_of"]

_EXACT = 2**53  # beyond it, a float column no longer holds every integer


def clean_ids(ids: pl.Series, *, where: str, first_row: int = 0) -> pl.Series:
    """Bring a batch of ids to String or Int64; NaN and empty strings become null.

    Parameters
    ----------
    ids
        Strings, categories, integers of any width, or floats that hold whole numbers (what pandas
        makes of integers with gaps).
    where
        File and column, for messages.
    first_row
        Row of the source that the batch starts at.

    Raises
    ------
    SchemaError
        If the type cannot hold ids or a float is no whole number, with row and value.

    Examples
    --------
    >>> clean_ids(pl.Series([1.0, None, 3.0]), where="column 'user'").to_list()
    [1, None, 3]
    """
    if ids.dtype == pl.String or ids.dtype in (pl.Categorical, pl.Enum, pl.Null):
        text = ids.cast(pl.String)
        empty = text == ""
        return text.set(empty, None) if empty.any() else text
    if ids.dtype == pl.Int64:
        return ids
    if ids.dtype.is_integer():
        try:
            return ids.cast(pl.Int64)
        except pl.exceptions.PolarsError:
            raise SchemaError(f"{where}: an id is beyond 64-bit integers; store ids as strings") from None
    if ids.dtype.is_float():
        return _whole(ids, where=where, first_row=first_row)
    raise SchemaError(f"{where}: ids must be strings or integers, not {ids.dtype}")


class IdScan:
    """Counts the ids of a column, batch by batch, then makes their vocabulary.

    Memory grows with the number of different ids, not with the number of rows.

    Parameters
    ----------
    from_text
        Whether the column comes from a text file, where integers arrive as strings.

    Examples
    --------
    >>> scan = IdScan(from_text=True)
    >>> scan.add(pl.Series(["12", "7", "12"]))
    >>> scan.vocab().ids.to_list(), scan.counts().tolist()
    ([7, 12], [1, 2])
    """

    def __init__(self, *, from_text: bool) -> None:
        self._from_text = from_text
        self._parts: list[pl.DataFrame] = []
        self._held = 0
        self._limit = 1 << 20

    def add(self, ids: pl.Series) -> None:
        """Count one batch of clean ids; nulls are left out."""
        part = pl.DataFrame({"id": ids}).drop_nulls().group_by("id").agg(count=pl.len().cast(pl.Int64))
        self._parts.append(part)
        self._held += part.height
        if self._held > self._limit:
            merged = self._merged()
            self._parts, self._held = [merged], merged.height
            self._limit = max(1 << 20, 2 * merged.height)

    def vocab(self) -> Vocab:
        """Return the vocabulary of all ids seen."""
        return Vocab(self._sorted()["id"].rename("id"))

    def counts(self) -> np.ndarray:
        """Return ``[V]`` int64: how often each id of the vocabulary was seen."""
        return self._sorted()["count"].to_numpy()

    def _merged(self) -> pl.DataFrame:
        if not self._parts:
            return pl.DataFrame(schema={"id": pl.String, "count": pl.Int64})
        return pl.concat(self._parts).group_by("id").agg(pl.col("count").sum())

    def _sorted(self) -> pl.DataFrame:
        merged = self._merged()
        if self._from_text:
            merged = merged.with_columns(integers_of(merged["id"]))
        merged = merged.sort("id")
        self._parts, self._held = [merged], merged.height
        return merged


def integers_of(ids: pl.Series) -> pl.Series:
    """Return text as Int64 if every value is an integer written the usual way, else unchanged.

    Examples
    --------
    >>> integers_of(pl.Series(["1", "20"])).to_list(), integers_of(pl.Series(["1", "007"])).to_list()
    ([1, 20], ['1', '007'])
    """
    if ids.dtype != pl.String:
        return ids
    numbers = ids.cast(pl.Int64, strict=False)
    usual = (numbers.cast(pl.String) == ids).fill_null(value=False) | ids.is_null()
    return numbers if usual.all() and ids.null_count() < len(ids) else ids


def _whole(ids: pl.Series, *, where: str, first_row: int) -> pl.Series:
    present = ids.fill_nan(None)
    broken = (present.floor() != present) | (present.abs() > _EXACT)
    if broken.any():
        row = broken.arg_max() or 0
        raise SchemaError(
            f"{where}: row {first_row + row} holds {ids[row]!r}: an id must be a string or an integer"
        )
    return present.cast(pl.Int64)
