"""How sure a number is: bootstrap intervals, a paired test of two systems, Holm's correction.

Users are the sample. Notable choice: a value that many users share is drawn once, as a count, not once a
user. A bootstrap sample is a multinomial draw of counts and a random flip of signs a binomial one; both
have exactly the distribution of drawing user by user, and with one target a user NDCG@10 has only 11
values, so that thousands of resamples of a million users take no time. It does not know what a metric is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["Interval", "PairedTest", "bootstrap_interval", "holm", "paired_test"]

_CELLS = 2_000_000  # numbers drawn at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean over users with its bootstrap interval.

    Parameters
    ----------
    value
        The mean.
    low, high
        Bounds of the percentile interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTest:
    """Two systems compared on the same users.

    Parameters
    ----------
    difference
        Mean of first minus second, with its bootstrap interval.
    p_value
        Two-sided: how often a difference at least as large arises if each user's two values are swapped
        at random.
    """

    difference: Interval
    p_value: float


def bootstrap_interval(
    values: np.ndarray, *, resamples: int = 2000, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Return the mean of `values` and its percentile bootstrap interval (Efron 1979).

    Parameters
    ----------
    values
        ``[U]``, one value a user, at least one.
    resamples
        Number of bootstrap samples.
    confidence
        Share of the samples' means that the interval holds.
    seed
        The same seed gives the same interval.

    Examples
    --------
    >>> interval = bootstrap_interval(np.array([0.0, 1.0] * 50))
    >>> interval.value, 0.35 < interval.low < 0.45, 0.55 < interval.high < 0.65
    (0.5, True, True)
    """
    assert len(values) > 0
    rng = np.random.default_rng(seed)
    distinct, counts = np.unique(values, return_counts=True)
    share = counts / len(values)
    means = np.concatenate(
        [
            rng.multinomial(len(values), share, size=size) @ distinct / len(values)
            for size in _sizes(resamples, len(distinct))
        ]
    )
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(value=float(np.mean(values)), low=float(low), high=float(high))


def paired_test(
    first: np.ndarray,
    second: np.ndarray,
    *,
    resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> PairedTest:
    """Compare two systems by a sign-flip permutation test over users (Fisher 1935; Smucker et al. 2007).

    Parameters
    ----------
    first, second
        ``[U]`` values of the same users in the same order.
    resamples
        Number of random flips; the smallest p-value is 1 / (resamples + 1).
    confidence
        Of the interval of the difference.
    seed
        The same seed gives the same result.

    Examples
    --------
    >>> test = paired_test(np.ones(20), np.zeros(20))
    >>> test.difference.value, test.p_value < 0.001
    (1.0, True)
    """
    assert first.shape == second.shape
    difference = first - second
    rng = np.random.default_rng(seed)
    sizes, counts = np.unique(np.abs(difference), return_counts=True)
    sizes, counts = sizes[sizes > 0], counts[sizes > 0]
    observed = abs(difference.sum())
    tolerance = 1e-9 * max(1.0, observed)
    extreme = 0
    for size in _sizes(resamples, len(sizes)):
        plus = rng.binomial(counts, 0.5, size=(size, len(counts)))
        extreme += int((np.abs((2 * plus - counts) @ sizes) >= observed - tolerance).sum())
    interval = bootstrap_interval(difference, resamples=resamples, confidence=confidence, seed=seed)
    return PairedTest(difference=interval, p_value=(extreme + 1) / (resamples + 1))


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return p-values adjusted for being several (Holm 1979), in the same order.

    Examples
    --------
    >>> holm(np.array([0.04, 0.01, 0.03])).round(2).tolist()
    [0.06, 0.03, 0.06]
    """
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * (count - np.arange(count)))
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _sizes(resamples: int, width: int) -> Iterator[int]:
    """Cut a number of resamples into chunks that draw a bounded amount of numbers at once."""
    step = max(1, _CELLS // max(width, 1))
    for first in range(0, resamples, step):
        yield min(step, resamples - first)
