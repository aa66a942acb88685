"""Metrics of ranked lists, vectorised over users, always over the whole catalogue.

Two kinds. Accuracy compares lists with relevant items, one or several for each user, and gives one value
a user, so that intervals and paired tests are possible. What lies beyond accuracy (coverage, exposure,
popularity, novelty) looks at all lists together. Definitions follow Järvelin & Kekäläinen (2002) for NDCG
with binary gains; precision is over k even where a list is shorter; average precision is over all
relevant items. It does not know models, splits or time.

Shape letters: U users, K places of a list, V items, R relevant items of all users.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

__all__ = [
    "METRICS",
    "Beyond",
    "Relevant",
    "average_precision",
    "beyond_accuracy",
    "gini",
    "hits",
    "ndcg",
    "precision",
    "recall",
    "reciprocal_rank",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relevant:
    """The items that count as hits: at least one for each of U users.

    Parameters
    ----------
    item_R
        ``[R]`` item numbers, user by user, without repetition within a user.
    count_U
        ``[U]`` how many of them belong to each user.
    """

    item_R: np.ndarray
    count_U: np.ndarray

    def __post_init__(self) -> None:
        assert int(self.count_U.sum()) == len(self.item_R)
        assert (self.count_U > 0).all()

    @classmethod
    def one(cls, target_U: np.ndarray) -> Relevant:
        """Make it of one target for each user."""
        return cls(item_R=target_U, count_U=np.ones(len(target_U), dtype=np.int64))


def hits(item_UK: np.ndarray, relevant: Relevant) -> np.ndarray:
    """Return ``[U, K]`` bool: where the lists hold relevant items (places with -1 hold none).

    Examples
    --------
    >>> hits(np.array([[4, 2], [1, -1]]), Relevant.one(np.array([2, 5])))
    array([[False,  True], [False, False]])
    """
    users = len(item_UK)
    assert users == len(relevant.count_U)
    width = max(int(item_UK.max(initial=0)), int(relevant.item_R.max(initial=0))) + 1
    wanted = np.repeat(np.arange(users, dtype=np.int64), relevant.count_U) * width + relevant.item_R
    found = np.arange(users, dtype=np.int64)[:, None] * width + item_UK
    return np.isin(found, wanted) & (item_UK >= 0)


def ndcg(hit_UK: np.ndarray, count_U: np.ndarray, k: int) -> np.ndarray:
    """Return ``[U]`` normalised discounted cumulative gain of the first `k` places.

    Examples
    --------
    >>> ndcg(np.array([[False, False, True]]), np.array([1]), 10)
    array([0.5])
    """
    discount = 1 / np.log2(np.arange(k) + 2)
    ideal_U = np.cumsum(discount)[np.minimum(count_U, k) - 1]
    gain: np.ndarray = hit_UK[:, :k] @ discount[: hit_UK.shape[1]] / ideal_U
    return gain


def recall(hit_UK: np.ndarray, count_U: np.ndarray, k: int) -> np.ndarray:
    """Return ``[U]`` share of the relevant items that are in the first `k` places.

    With one relevant item a user it is the hit rate.
    """
    share: np.ndarray = hit_UK[:, :k].sum(axis=1) / count_U
    return share


def precision(hit_UK: np.ndarray, count_U: np.ndarray, k: int) -> np.ndarray:
    """Return ``[U]`` share of the first `k` places that are relevant."""
    share: np.ndarray = hit_UK[:, :k].sum(axis=1) / k
    return share


def reciprocal_rank(hit_UK: np.ndarray, count_U: np.ndarray, k: int) -> np.ndarray:
    """Return ``[U]`` 1 / the place of the first hit, 0 without a hit; its mean is MRR."""
    hit = hit_UK[:, :k]
    return np.where(hit.any(axis=1), 1 / (hit.argmax(axis=1) + 1), 0.0)


def average_precision(hit_UK: np.ndarray, count_U: np.ndarray, k: int) -> np.ndarray:
    """Return ``[U]`` precision at each hit, summed, over all relevant items; its mean is MAP."""
    hit = hit_UK[:, :k]
    at_place = np.cumsum(hit, axis=1) / (np.arange(hit.shape[1]) + 1)
    average: np.ndarray = (at_place * hit).sum(axis=1) / count_U
    return average


METRICS: Mapping[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = MappingProxyType(
    {
        "ndcg": ndcg,
        "recall": recall,
        "precision": precision,
        "mrr": reciprocal_rank,
        "map": average_precision,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """What the lists look like beyond accuracy.

    Parameters
    ----------
    coverage
        Share of the items of the training data that are in at least one list. It cannot exceed the number
        of places of all lists over the number of items.
    gini
        Gini coefficient of how often each item of the training data is shown: 0 all alike, near 1 few
        items take all places.
    mean_popularity
        Mean number of training events of the items in the lists.
    novelty
        Mean of -log2 of the items' shares of all training events, in bits (Zhou et al., PNAS 2010).
    """

    coverage: float
    gini: float
    mean_popularity: float
    novelty: float


def beyond_accuracy(item_UK: np.ndarray, popularity_V: np.ndarray) -> Beyond:
    """Describe lists (``[U, K]``, -1 for an empty place) by the items' training events (``[V]``).

    Examples
    --------
    >>> beyond = beyond_accuracy(np.array([[0], [0]]), np.array([2, 2, 0]))
    >>> beyond.coverage, beyond.gini, beyond.mean_popularity, beyond.novelty
    (0.5, 0.5, 2.0, 1.0)
    """
    shown = item_UK[item_UK >= 0]
    known_V = popularity_V > 0
    if len(shown) == 0 or not known_V.any():
        return Beyond(coverage=0.0, gini=0.0, mean_popularity=0.0, novelty=0.0)
    exposure_V = np.bincount(shown, minlength=len(popularity_V))
    popularity = popularity_V[shown]
    share = np.maximum(popularity, 1) / popularity_V.sum()
    return Beyond(
        coverage=float((exposure_V[known_V] > 0).mean()),
        gini=gini(exposure_V[known_V]),
        mean_popularity=float(popularity.mean()),
        novelty=float(-np.log2(share).mean()),
    )


def gini(amounts: np.ndarray) -> float:
    """Return the Gini coefficient of non-negative amounts: 0 if all are equal.

    Examples
    --------
    >>> gini(np.array([1, 1, 1])), gini(np.array([0, 0, 0, 8]))
    (0.0, 0.75)
    """
    count, total = len(amounts), amounts.sum()
    if total == 0:
        return 0.0
    places = np.arange(1, count + 1)
    return float(2 * (places * np.sort(amounts)).sum() / (count * total) - (count + 1) / count)
