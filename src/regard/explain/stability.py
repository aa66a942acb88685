"""Stability: does an explanation change when events of one moment change places?

Logs often hold many events with one time stamp, whose order is an accident. An explanation that hangs on it
says little about the user.

Shape letters: E events of the history.
"""

from __future__ import annotations

import numpy as np

from regard.data.histories import Histories

__all__ = ["agreement", "shuffled_ties"]


def shuffled_ties(history: Histories, seed: int) -> np.ndarray | None:
    """Return ``[E]`` positions in an order that changes only events of equal times; None if there are none.

    Examples
    --------
    >>> order = shuffled_ties(Histories.of([[5, 6, 7]], [[1, 2, 2]]), 0)
    >>> None if order is None else sorted(order.tolist()), shuffled_ties(Histories.of([[5, 6]]), 0)
    ([0, 1, 2], None)
    """
    times_E = history.times_of(0)
    if len(np.unique(times_E)) == len(times_E):
        return None
    return np.lexsort((np.random.default_rng(seed).random(len(times_E)), times_E))


def agreement(first_E: np.ndarray, second_E: np.ndarray) -> float:
    """Return Spearman's rank correlation of two attributions; 1 where both see no difference at all.

    Examples
    --------
    >>> agreement(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 25.0]))
    1.0
    """
    first, second = _ranks(first_E), _ranks(second_E)
    spread = first.std() * second.std()
    if spread == 0:
        return float(first.std() == second.std())
    covariance = ((first - first.mean()) * (second - second.mean())).mean()
    return float(np.clip(covariance / spread, -1.0, 1.0))


def _ranks(value_E: np.ndarray) -> np.ndarray:
    """Return ``[E]`` ranks; equal values share their mean."""
    _, place, count = np.unique(value_E, return_inverse=True, return_counts=True)
    ranks: np.ndarray = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks
