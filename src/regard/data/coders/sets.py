"""Sets of categories: lists, or text with a separator, become bags of codes by the rules of categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from regard.config import Config
from regard.data.coders.base import Coded, Place, as_text
from regard.data.coders.codebook import Codebook
from regard.data.columns import UNSEEN, Bags
from regard.errors import DataError

__all__ = ["SEPARATORS", "Members", "SetCoder", "bags_of", "guess_separator", "split_members"]

SEPARATORS: Final = ("|", ";", ",", "/")
_SAMPLE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The J members of all sets.

    Parameters
    ----------
    row_J
        ``[J]`` int64 row of each, ascending.
    member_J
        ``[J]`` text; a set may name a member twice.
    """

    row_J: np.ndarray
    member_J: pl.Series


class SetCoder(Config):
    """Turns sets into bags of codes.

    Attributes
    ----------
    codebook
        Members and their codes.
    separator
        What separates members where a set is text; None if text was not seen in training.
    """

    codebook: Codebook
    separator: str | None = None

    @classmethod
    def fit(
        cls, values: pl.Series, *, used_R: np.ndarray, place: Place, separator: str | None = None
    ) -> SetCoder:
        """Learn the members of the training rows.

        Raises
        ------
        DataError
            If the separator is in no value and another one is.
        """
        if values.dtype in (pl.String, pl.Categorical, pl.Enum):
            text = values.cast(pl.String)
            separator = separator or guess_separator(text) or SEPARATORS[0]
            _refuse_separator(text, separator, place=place)
        members = split_members(values, separator=separator, place=place)
        used = used_R[members.row_J]
        row, member = members.row_J[used], members.member_J.filter(pl.Series(used))
        if len(member) == 0:
            return cls(codebook=Codebook(), separator=separator)
        different = member.unique()
        codes = pl.arange(len(different), eager=True)
        number = member.replace_strict(different, codes, return_dtype=pl.Int64).to_numpy()
        once = _once(row * len(different) + number) % len(different)
        counts = pl.Series(np.bincount(once, minlength=len(different)))
        return cls(codebook=Codebook.of_counts(different, counts), separator=separator)

    def encode(self, values: pl.Series, *, place: Place) -> Coded:
        """Return `Bags`; a set without members is missing."""
        separator = self.separator
        if separator is None and values.dtype == pl.String:  # lists in training, text now
            separator = guess_separator(values)
        members = split_members(values, separator=separator, place=place)
        code = self.codebook.codes(members.member_J)
        column = bags_of(members.row_J, code, rows=len(values), size=self.codebook.size)
        missing = len(values) - int(np.count_nonzero(np.diff(column.offset_R1)))
        unseen = int(np.count_nonzero(column.code_J == UNSEEN))  # once a row at most
        return Coded(column=column, missing=missing, unseen=unseen)


def bags_of(row_J: np.ndarray, code_J: np.ndarray, *, rows: int, size: int) -> Bags:
    """Return bags of codes from pairs of row and code in any order, each pair kept once.

    Examples
    --------
    >>> bag = bags_of(np.array([1, 0, 1, 1]), np.array([5, 4, 3, 5]), rows=2, size=6)
    >>> bag.offset_R1.tolist(), bag.code_J.tolist()
    ([0, 1, 3], [4, 3, 5])
    """
    pair = _once(row_J.astype(np.int64) * size + code_J)
    row = pair // size
    offset = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=rows), out=offset[1:])
    return Bags(offset_R1=offset, code_J=(pair - row * size).astype(np.int32), size=size)


def split_members(values: pl.Series, *, separator: str | None, place: Place) -> Members:
    """Return the members of sets that are lists or text; empty ones are none.

    A list that was written as text, as in ``"['a', 'b']"``, loses its brackets and quotes.

    Raises
    ------
    SchemaError
        If the column holds neither lists of plain values nor text.

    Examples
    --------
    >>> place = Place(source="items", column="genres")
    >>> split_members(pl.Series(["a| b", None, "c|"]), separator="|", place=place).member_J.to_list()
    ['a', 'b', 'c']
    """
    place.refuse_mixed(values)
    if isinstance(values.dtype, pl.Array):
        values = values.arr.to_list()
    if not isinstance(values.dtype, pl.List):
        values, quotes = _split_text(as_text(values, place=place, kind="set"), separator or SEPARATORS[0])
    else:
        quotes = ""
        inner = values.dtype.inner
        if inner.is_nested() or inner in (pl.Binary, pl.Object):
            place.refuse_type(values, "set", advice="give lists of text or integers, or say ignore")
    row = np.repeat(np.arange(len(values)), values.list.len().fill_null(0).to_numpy())
    flat = values.explode(empty_as_null=False, keep_nulls=False)
    member = as_text(flat, place=Place(source=place.source, column=place.column))
    if quotes:
        member = member.str.strip_chars(quotes)
    here = member.is_not_null() & (member != "")
    return Members(row_J=row[here.to_numpy()], member_J=member.filter(here))


def guess_separator(text: pl.Series) -> str | None:
    """Return what separates members that occur again and again, or None if nothing does.

    Examples
    --------
    >>> guess_separator(pl.Series(["a|b", "b|c", "a", "c|a"]))
    '|'
    >>> guess_separator(pl.Series(["Well, I never", "So, this is it", "One, two"])) is None
    True
    """
    sample = text.drop_nulls().head(_SAMPLE)
    for mark in SEPARATORS:
        has = sample.str.contains(mark, literal=True)
        if int(has.sum()) < max(1, 0.05 * len(sample)):
            continue
        part = sample.str.strip_chars("[]").str.split(mark).explode().str.strip_chars(" \t'\"")
        part = part.filter(part != "")
        again = len(part) / max(part.n_unique(), 1)
        short = float((part.str.count_matches(r"\s+") <= 3).mean() or 0)  # type: ignore[arg-type]
        if again >= (1.3 if mark == "|" else 2.0) and short >= 0.9:
            return mark
    return None


def _split_text(text: pl.Series, separator: str) -> tuple[pl.Series, str]:
    """Return lists of parts, and the characters to take from the ends of each beside spaces."""
    brackets = text.str.contains(r"^\[.*\]$").fill_null(value=False)
    if not brackets.any():
        return text.str.split(separator), ""
    bare = text.str.slice(1, text.str.len_chars().fill_null(2) - 2)
    text = bare.zip_with(brackets, text)
    mark = separator if text.str.contains(separator, literal=True).any() else ","
    return text.str.split(mark), " \t'\""


def _once(number: np.ndarray) -> np.ndarray:
    """Return the different numbers, ascending (`np.unique` hashes them, at ten times the cost)."""
    ascending = np.sort(number)
    first = np.ones(len(ascending), dtype=bool)
    np.not_equal(ascending[1:], ascending[:-1], out=first[1:])
    different: np.ndarray = ascending[first]
    return different


def _refuse_separator(text: pl.Series, separator: str, *, place: Place) -> None:
    """Refuse a separator that no value has, if another one would part the values."""
    if text.str.contains(separator, literal=True).any():
        return
    other = guess_separator(text)
    if other is not None and other != separator:
        row = text.str.contains(other, literal=True).arg_max() or 0
        raise DataError(
            f"{place.cell(row)}: {text[row]!r}: no value of the column has the separator {separator!r}, but "
            f"{other!r} seems to separate them; say {place.column}=set:{other}"
        )
