"""Categories: one code a row, by the rules of the codebook."""

from __future__ import annotations

import numpy as np
import polars as pl

from regard.config import Config
from regard.data.coders.base import Coded, Place, as_text
from regard.data.coders.codebook import Codebook
from regard.data.columns import MISSING, UNSEEN, Codes

__all__ = ["CategoryCoder"]


class CategoryCoder(Config):
    """Turns values into codes; numbers, dates and flags are taken as their text.

    Attributes
    ----------
    codebook
        Values and their codes.

    Examples
    --------
    >>> brand, place = pl.Series(["a", "b", "a", "b", "c"]), Place(source="items", column="brand")
    >>> coder = CategoryCoder.fit(brand, used_R=np.array([True, True, True, True, False]), place=place)
    >>> coded = coder.encode(brand, place=place)
    >>> coded.column.code_R.tolist(), coded.unseen
    ([2, 3, 2, 3, 1], 1)
    """

    codebook: Codebook

    @classmethod
    def fit(cls, values: pl.Series, *, used_R: np.ndarray, place: Place) -> CategoryCoder:
        """Learn the values of the training rows (`used_R`, ``[R]`` bool)."""
        text = as_text(values, place=place)
        return cls(codebook=Codebook.fit(text.filter(pl.Series(used_R))))

    def encode(self, values: pl.Series, *, place: Place) -> Coded:
        """Return `Codes`."""
        code = self.codebook.codes(as_text(values, place=place))
        return Coded(
            column=Codes(code_R=code, size=self.codebook.size),
            missing=int(np.count_nonzero(code == MISSING)),
            unseen=int(np.count_nonzero(code == UNSEEN)),
        )
