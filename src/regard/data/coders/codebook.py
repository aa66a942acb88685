"""Codebook: the values of a category, or the members of sets, and their codes.

The policy, in full:

- Only training rows add values. A value that fewer than 2 of them have is rare: it shares the code `UNSEEN`
  with values that training never saw, which is how that code gets a vector.
- Up to 50,000 values have a code each, the most frequent first. Beyond that the 20,000 most frequent keep
  their own, and all others (rare and unseen ones too) fall into 8,192 buckets by a hash that is the same in
  every process and on every machine (CRC-32 of the UTF-8 text).
- No value is `MISSING`.
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
import polars as pl
import pydantic

from regard.config import Config
from regard.data.columns import MISSING, UNSEEN

__all__ = ["BUCKETS", "KEPT", "MOST_VALUES", "Codebook"]

MOST_VALUES: Final = 50_000
KEPT: Final = 20_000
BUCKETS: Final = 8_192
_FIRST = 2  # codes before it are MISSING and UNSEEN


class Codebook(Config):
    """Values and their codes: value ``i`` has code ``2 + i``, then come the buckets.

    Attributes
    ----------
    values
        Values that have a code of their own, the most frequent first.
    buckets
        Number of hash buckets; 0 if all values have their own code.

    Examples
    --------
    >>> book = Codebook.fit(pl.Series(["red", "red", "blue", "red", "blue", "green"]))
    >>> book.values, book.codes(pl.Series(["blue", "green", None, "red"])).tolist()
    (('red', 'blue'), [3, 1, 0, 2])
    """

    values: tuple[str, ...] = ()
    buckets: int = pydantic.Field(default=0, ge=0)

    @classmethod
    def fit(cls, text: pl.Series, *, least: int = 2) -> Codebook:
        """Learn the values of training rows; those that fewer than `least` rows have are rare."""
        counts = text.drop_nulls().rename("value").value_counts(name="count")
        return cls.of_counts(counts["value"], counts["count"], least=least)

    @classmethod
    def of_counts(cls, values: pl.Series, counts: pl.Series, *, least: int = 2) -> Codebook:
        """Learn from different values and the number of training rows of each."""
        table = pl.DataFrame({"value": values, "count": counts}).filter(pl.col("count") >= least)
        table = table.sort(["count", "value"], descending=[True, False])
        if table.height <= MOST_VALUES:
            return cls(values=tuple(table["value"].to_list()))
        return cls(values=tuple(table["value"].head(KEPT).to_list()), buckets=BUCKETS)

    @property
    def size(self) -> int:
        """Number of codes, `MISSING` and `UNSEEN` included."""
        return _FIRST + len(self.values) + self.buckets

    def codes(self, text: pl.Series) -> np.ndarray:
        """Return ``[n]`` int32 codes of ``[n]`` texts."""
        if len(self.values) == 0:
            known = pl.Series([None] * len(text), dtype=pl.Int32)
        else:
            code = pl.Series(range(_FIRST, _FIRST + len(self.values)), dtype=pl.Int32)
            known = text.replace_strict(pl.Series(self.values), code, default=None, return_dtype=pl.Int32)
        code_R = known.fill_null(UNSEEN).to_numpy().astype(np.int32)
        code_R[text.is_null().to_numpy()] = MISSING
        if self.buckets:
            other = np.flatnonzero(code_R == UNSEEN)
            code_R[other] = self._hashed(text.gather(other))
        return code_R

    def _hashed(self, text: pl.Series) -> np.ndarray:
        """Return the bucket of each text; each different one is hashed once."""
        different = text.unique()
        first = _FIRST + len(self.values)
        bucket = pl.Series(
            [first + zlib.crc32(value.encode()) % self.buckets for value in different], dtype=pl.Int32
        )
        found: np.ndarray = text.replace_strict(different, bucket, return_dtype=pl.Int32).to_numpy()
        return found
