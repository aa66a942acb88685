"""How far predicted probabilities can be believed: the reliability table and the expected calibration error.

Bins of equal width are the usual ones (Guo et al., ICML 2017). Clicks are rare, and then nearly all
candidates fall into one bin: bins of equal count say more. What repairs bad probabilities is
`regard.models.calibration`.

Shape letters: K candidates, B bins.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from regard.config import Config

__all__ = ["Reliability", "reliability"]


class Reliability(Config):
    """A reliability table: one entry for each bin that is not empty, from low probabilities to high.

    Attributes
    ----------
    count
        Candidates of each bin.
    predicted
        Their mean probability.
    observed
        Their share of label 1.
    error
        Expected calibration error: mean of ``|observed - predicted|``, weighted by count.
    ratio
        All predicted over all observed actions: 1 if the level is right; None if nothing happened.
    """

    count: tuple[int, ...]
    predicted: tuple[float, ...]
    observed: tuple[float, ...]
    error: float
    ratio: float | None


def reliability(
    label_K: np.ndarray,
    probability_K: np.ndarray,
    *,
    bins: int = 10,
    equal: Literal["width", "count"] = "width",
) -> Reliability:
    """Compare predicted probabilities with what happened, bin by bin.

    Parameters
    ----------
    label_K
        ``[K]`` 1 or 0, at least one.
    probability_K
        ``[K]`` in 0 to 1.
    bins
        How many at most; candidates of one probability stay together.
    equal
        Whether bins have the same width, or about the same number of candidates.

    Examples
    --------
    >>> table = reliability(np.array([0, 1, 1, 1]), np.array([0.25, 0.25, 0.75, 0.75]))
    >>> table.count, table.observed, table.error
    ((2, 2), (0.5, 1.0), 0.25)
    """
    assert len(label_K) > 0
    probability = probability_K.astype(np.float64)
    assert ((probability >= 0) & (probability <= 1)).all(), "probabilities lie in 0 to 1"
    if equal == "width":
        edges = np.linspace(0, 1, bins + 1)[1:-1]
    else:
        edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, probability, side="left")
    count = np.bincount(place, minlength=len(edges) + 1)
    filled = count > 0
    predicted = np.bincount(place, weights=probability, minlength=len(count))[filled] / count[filled]
    observed = np.bincount(place, weights=label_K, minlength=len(count))[filled] / count[filled]
    happened = float(label_K.sum())
    return Reliability(
        count=tuple(count[filled].tolist()),
        predicted=tuple(predicted.tolist()),
        observed=tuple(observed.tolist()),
        error=float(np.average(np.abs(observed - predicted), weights=count[filled])),
        ratio=float(probability.sum()) / happened if happened else None,
    )
