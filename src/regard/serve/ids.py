"""Ids and categories of a request in the kind that a model's vocabulary has: texts or integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from regard.data.event_fields import categories
from regard.data.vocab import UNKNOWN, Vocab
from regard.serve.events import Id, Scalar

__all__ = ["as_kind", "category_of", "numbers_of"]


def category_of(said: Scalar) -> Id | None:
    """Return a category as a log that is read has it: truth values and fractions are texts there."""
    if isinstance(said, bool | float):
        return str(categories(pl.Series([said]))[0])
    return said


def as_kind(given: Id, vocab: Vocab) -> Id:
    """Return an id in the kind of a vocabulary, where its text is one of that kind.

    Examples
    --------
    >>> as_kind("7", Vocab.of([1, 2])), as_kind("07", Vocab.of([1, 2])), as_kind(7, Vocab.of(["a"]))
    (7, '07', '7')
    """
    if vocab.ids.dtype == pl.String:
        return str(given)
    if isinstance(given, str) and len(given) <= 20 and given.lstrip("-").isdecimal() and given.isascii():
        whole = int(given) if given.count("-") <= 1 else None
        if whole is not None and str(whole) == given and -(2**63) <= whole < 2**63:
            return whole
    return given


def numbers_of(ids: Sequence[Any], vocab: Vocab) -> np.ndarray:
    """Return ``[n]`` int32 numbers of ids that are of the vocabulary's kind; others are not known."""
    kind: type = str if vocab.ids.dtype == pl.String else int
    made = [as_kind(one, vocab) for one in ids]
    places = [place for place, one in enumerate(made) if isinstance(one, kind)]
    number = np.full(len(made), UNKNOWN, dtype=np.int32)
    if places:
        chosen = [made[place] for place in places]
        number[places] = vocab.encode(pl.Series("id", chosen, dtype=vocab.ids.dtype))
    return number
