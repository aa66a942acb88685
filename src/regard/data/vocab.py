"""Vocab: the one place where ids of the caller become numbers and become ids again.

Ids are strings or integers and come back exactly as they went in. Numbers are the ranks of the sorted
ids, so that they do not depend on the order in which a file was read. It does not know what the ids
stand for, nor where they are stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from regard.errors import DataError

__all__ = ["UNKNOWN", "Id", "Vocab"]

Id = str | int
UNKNOWN = -1
_FEW = 4_096


@dataclass(frozen=True, slots=True)
class Vocab:
    """A two-way table between external ids and the numbers 0 to V - 1.

    Parameters
    ----------
    ids
        ``[V]`` unique ids, sorted, of type String or Int64.

    Examples
    --------
    >>> vocab = Vocab.of(["b", "a", "b"])
    >>> vocab.encode(["a", "z", "b"])
    array([ 0, -1,  1], dtype=int32)
    >>> vocab.decode([1, 0]).to_list()
    ['b', 'a']
    """

    ids: pl.Series

    def __post_init__(self) -> None:
        assert self.ids.dtype in {pl.String, pl.Int64}, self.ids.dtype
        assert self.ids.null_count() == 0
        assert self.ids.is_sorted()
        # Ids out of a file come in several pieces, and every look at them as one array would copy them all.
        object.__setattr__(self, "ids", self.ids.rechunk())

    @classmethod
    def of(cls, ids: Iterable[Id] | pl.Series) -> Vocab:
        """Make a vocabulary of the distinct values of `ids`: strings, or integers."""
        series = ids if isinstance(ids, pl.Series) else pl.Series(list(ids))
        if series.dtype.is_integer():
            series = series.cast(pl.Int64)
        elif series.dtype != pl.String:
            series = series.cast(pl.String)
        return cls(series.unique().sort().rename("id"))

    def __len__(self) -> int:
        return len(self.ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocab) and self.ids.equals(other.ids) and self.ids.dtype == other.ids.dtype

    __hash__ = None  # type: ignore[assignment]

    def encode(self, ids: Sequence[Any] | pl.Series) -> np.ndarray:
        """Return ``[n]`` int32 numbers of `ids`; `UNKNOWN` (-1) for those that it does not hold.

        A string that spells an integer finds an integer id and the reverse, since a command line, a
        URL and JSON keys can only carry strings.
        """
        given = ids if isinstance(ids, pl.Series) else pl.Series("id", list(ids), strict=False)
        if len(given) == 0:
            return np.empty(0, dtype=np.int32)
        key = _cast(given, to=self.ids.dtype)
        if len(key) <= _FEW and len(self.ids):
            return self._found(key)
        table = pl.DataFrame({"id": self.ids, "number": np.arange(len(self.ids), dtype=np.int32)})
        found = pl.DataFrame({"id": key}).join(table, on="id", how="left", maintain_order="left")
        return found["number"].fill_null(UNKNOWN).to_numpy()

    def _found(self, key: pl.Series) -> np.ndarray:
        """Look a few ids up by halving, which needs no table of all ids."""
        if self.ids.dtype == pl.Int64 and key.null_count() == 0:  # numpy starts sooner than an expression
            ids, asked = self.ids.to_numpy(), key.to_numpy()
            place = np.minimum(np.searchsorted(ids, asked), len(ids) - 1)
            return np.where(ids[place] == asked, place, UNKNOWN).astype(np.int32)
        known = key.fill_null(self.ids[0])
        place = np.minimum(self.ids.search_sorted(known).to_numpy(), len(self.ids) - 1)
        same = ((self.ids[place] == known) & key.is_not_null()).to_numpy()
        return np.where(same, place, UNKNOWN).astype(np.int32)

    def decode(self, numbers: Sequence[int] | np.ndarray) -> pl.Series:
        """Return the ids of `numbers`, each of which must lie in 0 to V - 1."""
        return self.ids[np.asarray(numbers, dtype=np.int64)]


def _cast(ids: pl.Series, *, to: pl.DataType) -> pl.Series:
    if ids.dtype == to:
        return ids
    if ids.dtype == pl.Object or ids.dtype.is_nested():
        raise DataError(f"an id must be a string or an integer, not {ids[0]!r}")
    if ids.dtype.is_float():
        ids = ids.cast(pl.Int64, strict=False)
    return ids.cast(to, strict=False)
