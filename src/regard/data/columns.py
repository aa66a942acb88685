"""Columns: attributes of R rows (items, users) as numbers that a model can read.

Four forms are enough for all kinds of fields: one code, a bag of codes, a number, a vector. Everywhere code 0
stands for a missing value and code 1 for a value that training did not know, so that both have a vector that
is learned. How values become numbers is known in `regard.data.coding`; what a model makes of them, in
`regard.models.items`.

Shape letters: R rows, J codes of all bags together, E width of a vector, B pieces of a number's range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

__all__ = [
    "MISSING",
    "UNSEEN",
    "Bags",
    "Codes",
    "Column",
    "Numbers",
    "Vectors",
    "columns_of_arrays",
    "columns_to_arrays",
    "number_columns",
    "take_rows",
]

_PIECES = 16  # of a number's range
MISSING: Final = 0
UNSEEN: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """One code a row.

    Parameters
    ----------
    code_R
        ``[R]`` int32 from 0 to ``size - 1``.
    size
        Number of codes, `MISSING` and `UNSEEN` included.
    """

    code_R: np.ndarray
    size: int

    def __len__(self) -> int:
        return len(self.code_R)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bags:
    """Any number of codes a row; none at all is a missing value.

    Parameters
    ----------
    offset_R1
        ``[R + 1]`` int64: row r has the codes ``offset_R1[r]`` to ``offset_R1[r + 1]``.
    code_J
        ``[J]`` int32 from 1 to ``size - 1``, ascending and without repetition in each row.
    size
        Number of codes, `MISSING` and `UNSEEN` included.
    """

    offset_R1: np.ndarray
    code_J: np.ndarray
    size: int

    def __len__(self) -> int:
        return len(self.offset_R1) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """One number a row.

    Parameters
    ----------
    value_R
        ``[R]`` float32, NaN where missing; as it is, or what the coder made of it (a logarithm).
    edge_B1
        ``[B + 1]`` float32, strictly ascending: quantiles of the training values, the ends of the pieces
        into which a piecewise-linear embedding cuts the range (Gorishniy et al., "On Embeddings for Numerical
        Features in Tabular Deep Learning", NeurIPS 2022).
    """

    value_R: np.ndarray
    edge_B1: np.ndarray

    def __len__(self) -> int:
        return len(self.value_R)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """One vector a row.

    Parameters
    ----------
    value_RE
        ``[R, E]`` float32; zero where missing.
    present_R
        ``[R]`` bool: whether the row has one.
    """

    value_RE: np.ndarray
    present_R: np.ndarray

    def __len__(self) -> int:
        return len(self.value_RE)


Column = Codes | Bags | Numbers | Vectors


def number_columns(values: Mapping[str, np.ndarray]) -> dict[str, Numbers]:
    """Return ``[R]`` float32 values as columns of numbers, the edges of each its own quantiles.

    Examples
    --------
    >>> number_columns({"rate": np.array([0.0, 1.0], dtype=np.float32)})["rate"].edge_B1[[0, -1]].tolist()
    [0.0, 1.0]
    """
    columns = {}
    for name, value_R in values.items():
        edge = np.unique(np.quantile(value_R, np.linspace(0, 1, _PIECES + 1)).astype(np.float32))
        if len(edge) < 2:
            edge = np.array([edge[0], edge[0] + 1], dtype=np.float32)
        columns[name] = Numbers(value_R=value_R, edge_B1=edge)
    return columns


_FORMS: Final = {form.__name__: form for form in (Codes, Bags, Numbers, Vectors)}


def columns_to_arrays(columns: Mapping[str, Column]) -> dict[str, np.ndarray]:
    """Return the arrays of columns by ``place.form.part``, for a file; see `columns_of_arrays`.

    Examples
    --------
    >>> colour = Codes(code_R=np.array([2, 0], dtype=np.int32), size=3)
    >>> arrays = columns_to_arrays({"colour": colour})
    >>> sorted(arrays)
    ['0.Codes.code_R', '0.Codes.size']
    >>> columns_of_arrays(["colour"], arrays)["colour"].code_R.tolist()
    [2, 0]
    """
    return {
        f"{place}.{type(column).__name__}.{part.name}": np.asarray(getattr(column, part.name))
        for place, column in enumerate(columns.values())
        for part in fields(column)
    }


def columns_of_arrays(names: list[str], arrays: Mapping[str, np.ndarray]) -> dict[str, Column]:
    """Return the columns called `names` from what `columns_to_arrays` made of them."""
    parts: dict[int, dict[str, Any]] = {}
    forms: dict[int, str] = {}
    for key, array in arrays.items():
        place, form, part = key.split(".")
        forms[int(place)] = form
        parts.setdefault(int(place), {})[part] = array.item() if part == "size" else array
    return {name: _FORMS[forms[place]](**parts[place]) for place, name in enumerate(names)}


def take_rows(column: Column, rows: np.ndarray) -> Column:
    """Return some rows of a column, in the order of `rows` (``[R]`` integers).

    Examples
    --------
    >>> bags = Bags(offset_R1=np.array([0, 2, 2, 3]), code_J=np.array([3, 5, 1], dtype=np.int32), size=6)
    >>> taken = take_rows(bags, np.array([2, 0]))
    >>> taken.offset_R1.tolist(), taken.code_J.tolist()
    ([0, 1, 3], [1, 3, 5])
    """
    if isinstance(column, Codes):
        return replace(column, code_R=column.code_R[rows])
    if isinstance(column, Numbers):
        return replace(column, value_R=column.value_R[rows])
    if isinstance(column, Vectors):
        return replace(column, value_RE=column.value_RE[rows], present_R=column.present_R[rows])
    counts = np.diff(column.offset_R1)[rows]
    offset = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    place = np.arange(offset[-1]) + np.repeat(column.offset_R1[:-1][rows] - offset[:-1], counts)
    return replace(column, offset_R1=offset, code_J=column.code_J[place])
