"""Ids as they come: strings or integers, decided over a whole column, given back exactly as they came.

`clean_ids` brings one batch to String or Int64; `IdScan` sees all batches, gives every id a code at
once and at the end makes the vocabulary, whose numbers the codes then become. Text becomes integers
only if every value is an integer written the usual way: one "007" keeps the whole column as strings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from regard.data.keytable import KeyTable
from regard.data.vocab import UNKNOWN, Vocab
from regard.errors import SchemaError

__all__ = ["IdScan", "Numbering", "clean_ids", "integers_of"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """The vocabulary of a column and how its codes become the numbers of the vocabulary.

    Parameters
    ----------
    vocab
        All ids seen.
    numbers
        ``[V + 1]`` int32 number of each code; the last is -1, which is what code -1 (null) finds.
    counts
        ``[V]`` int64: how often each id of the vocabulary was seen.
    """

    vocab: Vocab
    numbers: np.ndarray
    counts: np.ndarray


class IdScan:
    """Gives every id of a column a code, batch by batch, and at the end numbers them by rank.

    Memory grows with the number of different ids, not with the number of rows. Text is told apart by
    128 bits of hashes.

    Parameters
    ----------
    from_text
        Whether the column comes from a text file, where integers arrive as strings.

    Examples
    --------
    >>> scan = IdScan(from_text=True)
    >>> codes = scan.add(pl.Series(["12", "7", None, "12"]))
    >>> numbering = scan.numbering()
    >>> numbering.vocab.ids.to_list(), numbering.counts.tolist(), numbering.numbers[codes].tolist()
    ([7, 12], [1, 2], [1, 0, -1, 1])
    """

    def __init__(self, *, from_text: bool) -> None:
        self._from_text = from_text
        self._table: KeyTable | None = None
        self._distinct: list[pl.Series] = []
        self._counts = np.zeros(0, dtype=np.int64)

    def add(self, ids: pl.Series) -> np.ndarray:
        """Return ``[n]`` int32 codes of one batch of clean ids, by first appearance; -1 for null."""
        if ids.null_count() == 0:
            return self._codes(ids)
        present = ids.is_not_null().to_numpy()
        codes = np.full(len(ids), UNKNOWN, dtype=np.int32)
        codes[present] = self._codes(ids.drop_nulls())
        return codes

    def numbering(self) -> Numbering:
        """Return the vocabulary of all ids seen and the number of each code."""
        ids = pl.concat(self._distinct) if self._distinct else pl.Series(dtype=pl.String)
        ids = integers_of(ids) if self._from_text else ids
        if ids.dtype == pl.String and self._table is not None:
            # Sorting text and then asking for its codes takes half the time of finding its order.
            ids = ids.sort()
            order = self._table.number(_keys(ids))
        else:
            order = np.argsort(ids.to_numpy())
            ids = ids.gather(order)
        numbers = np.full(len(ids) + 1, UNKNOWN, dtype=np.int32)
        numbers[order] = np.arange(len(ids), dtype=np.int32)
        return Numbering(vocab=Vocab(ids.rename("id")), numbers=numbers, counts=self._counts[order])

    def _codes(self, ids: pl.Series) -> np.ndarray:
        if len(ids) == 0:
            return np.empty(0, dtype=np.int32)
        keys = _keys(ids)
        if self._table is None:
            self._table = KeyTable(words=len(keys))
        known = len(self._table)
        codes = self._table.number(keys)
        fresh = np.flatnonzero(codes >= known)
        row = np.empty(len(self._table) - known, dtype=np.int64)
        row[codes[fresh] - known] = fresh  # any row that has the id will do
        self._distinct.append(ids.gather(row))
        counts = np.bincount(codes, minlength=len(self._table))
        counts[: len(self._counts)] += self._counts
        self._counts = counts
        return codes


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


def _keys(ids: pl.Series) -> np.ndarray:
    """Return ``[W, n]`` uint64 keys that differ where the ids do."""
    if ids.dtype == pl.Int64:
        return ids.to_numpy().view(np.uint64)[None]
    return np.stack([ids.hash(seed).to_numpy() for seed in (1, 2)])


def _whole(ids: pl.Series, *, where: str, first_row: int) -> pl.Series:
    present = ids.fill_nan(None)
    broken = (present.floor() != present) | (present.abs() > _EXACT)
    if broken.any():
        row = broken.arg_max() or 0
        raise SchemaError(
            f"{where}: row {first_row + row} holds {ids[row]!r}: an id must be a string or an integer"
        )
    return present.cast(pl.Int64)
