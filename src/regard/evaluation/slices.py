"""Slices: users in buckets of about equal size, by a number that is known of each.

It does not know what the number means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Bucket", "quantile_buckets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Some of the users, named by the smallest and the largest number in it.

    Parameters
    ----------
    low, high
        Smallest and largest number that occurs in the bucket.
    rows
        Positions of its users.
    """

    low: int
    high: int
    rows: np.ndarray

    @property
    def label(self) -> str:
        """The bounds, to show."""
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"


def quantile_buckets(numbers: np.ndarray, *, parts: int = 4) -> list[Bucket]:
    """Divide whole numbers into at most `parts` buckets between their quantiles, lowest first.

    Equal numbers stay together, so there may be fewer buckets, of different sizes. Zeros are a bucket of
    their own, since "never" is another thing than "seldom".

    Examples
    --------
    >>> [bucket.label for bucket in quantile_buckets(np.array([0, 1, 2, 3, 4, 9]), parts=2)]
    ['0', '1 to 3', '4 to 9']
    """
    zero, some = np.flatnonzero(numbers == 0), np.flatnonzero(numbers != 0)
    groups = [zero] if len(zero) else []
    if len(some):
        steps = np.arange(1, parts + 1) / parts
        upper = np.unique(np.quantile(numbers[some], steps, method="inverted_cdf"))
        place = np.searchsorted(upper, numbers[some])
        groups += [some[place == number] for number in range(len(upper))]
    return [Bucket(low=int(numbers[rows].min()), high=int(numbers[rows].max()), rows=rows) for rows in groups]
