"""Sets of categories: lists, or text with a separator, become bags of codes by the rules of categories."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from regard.config import Config
from regard.data.coders.base import Coded, Place, as_text
from regard.data.coders.codebook import Codebook
from regard.data.columns import UNSEEN, Bags
from regard.errors import DataError

__all__ = ["SEPARATORS", "SetCoder", "bags_of", "guess_separator", "split_members"]

SEPARATORS: Final = ("|", ";", ",", "/")
_SAMPLE = 20_000


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
        used = members.filter(pl.Series(used_R)).list.unique().explode().drop_nulls()
        return cls(codebook=Codebook.fit(used), separator=separator)

    def encode(self, values: pl.Series, *, place: Place) -> Coded:
        """Return `Bags`; a set without members is missing."""
        separator = self.separator
        if separator is None and values.dtype == pl.String:  # lists in training, text now
            separator = guess_separator(values)
        members = split_members(values, separator=separator, place=place)
        count = members.list.len().fill_null(0).to_numpy().astype(np.int64)
        flat = members.explode(empty_as_null=False, keep_nulls=False)
        code = self.codebook.codes(flat)
        row = np.repeat(np.arange(len(members)), count)
        column = bags_of(row, code, rows=len(members), size=self.codebook.size)
        unseen = np.unique(row[code == UNSEEN])
        return Coded(column=column, missing=int(np.count_nonzero(count == 0)), unseen=len(unseen))


def bags_of(row_J: np.ndarray, code_J: np.ndarray, *, rows: int, size: int) -> Bags:
    """Return bags of codes from pairs of row and code in any order, each pair kept once.

    Examples
    --------
    >>> bag = bags_of(np.array([1, 0, 1, 1]), np.array([5, 4, 3, 5]), rows=2, size=6)
    >>> bag.offset_R1.tolist(), bag.code_J.tolist()
    ([0, 1, 3], [4, 3, 5])
    """
    pair = np.unique(row_J.astype(np.int64) * size + code_J)
    row = pair // size
    offset = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=rows), out=offset[1:])
    return Bags(offset_R1=offset, code_J=(pair - row * size).astype(np.int32), size=size)


def split_members(values: pl.Series, *, separator: str | None, place: Place) -> pl.Series:
    """Return lists of text without empty members; null where there is no set.

    A list that was written as text, as in ``"['a', 'b']"``, loses its brackets and quotes.

    Raises
    ------
    SchemaError
        If the column holds neither lists of plain values nor text.
    """
    place.refuse_mixed(values)
    if isinstance(values.dtype, pl.Array):
        values = values.arr.to_list()
    if isinstance(values.dtype, pl.List):
        return _members_of_lists(values, place=place)
    text = as_text(values, place=place, kind="set")
    brackets = text.str.contains(r"^\[.*\]$").fill_null(value=False)
    mark = separator or SEPARATORS[0]
    if brackets.any():
        bare = text.str.slice(1, text.str.len_chars().fill_null(2) - 2)
        text = pl.select(pl.when(brackets).then(bare).otherwise(text)).to_series()
        clean = pl.element().str.strip_chars(" \t'\"")
        mark = "," if mark not in "".join(text.drop_nulls().head(100)) else mark
    else:
        clean = pl.element().str.strip_chars()
    return text.str.split(mark).list.eval(clean).list.eval(pl.element().filter(pl.element() != ""))


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


def _members_of_lists(values: pl.Series, *, place: Place) -> pl.Series:
    inner = values.dtype.inner  # type: ignore[attr-defined]
    if inner.is_nested() or inner in (pl.Binary, pl.Object):
        place.refuse_type(values, "set", advice="give lists of text or integers, or say ignore")
    flat = as_text(
        values.explode(empty_as_null=False, keep_nulls=False),
        place=Place(source=place.source, column=place.column),
    )
    count = values.list.len().fill_null(0)
    row = np.repeat(np.arange(len(values)), count.to_numpy())
    members = pl.DataFrame({"row": row, "member": flat}).drop_nulls()
    lists = members.group_by("row", maintain_order=True).agg("member")
    every = pl.DataFrame({"row": np.arange(len(values))}).join(
        lists, on="row", how="left", maintain_order="left"
    )
    return every["member"].rename(values.name)


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
