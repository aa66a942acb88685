"""Metrics of predicted actions: how well a ranker tells what is clicked from what is not.

Three views. Over all candidates: AUC (`regard.data.auc`), log-loss. Over the candidates of one user: AUC,
averaged over users alike (UAUC) or by their candidates (GAUC; Zhu et al., KDD 2017). Over the candidates of
one impression: AUC, MRR and nDCG by the rules of MIND's evaluation script (Wu et al., ACL 2020), in which
MRR is the mean over impressions of sum(label / rank) / sum(label) and a gain is 2^label - 1. Notable choice:
equal scores share their places, so that every metric is the mean over all orders of what is tied; the
script leaves that to the sort. It does not know models.

Shape letters: K candidates, G groups (users or impressions).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Groups", "PerGroup", "group_auc", "group_mrr", "group_ndcg", "log_loss", "log_losses"]

_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerGroup:
    """One value for each group that has one.

    Parameters
    ----------
    value_G
        ``[G]`` values; NaN where a group has none, since all its labels are alike.
    count_G
        ``[G]`` candidates of each group.
    """

    value_G: np.ndarray
    count_G: np.ndarray

    @property
    def left_out(self) -> int:
        """Number of groups without a value."""
        return int(np.isnan(self.value_G).sum())

    @property
    def mean(self) -> float:
        """Mean over groups, each alike; NaN if none has a value."""
        known = ~np.isnan(self.value_G)
        return float(self.value_G[known].mean()) if known.any() else float("nan")

    @property
    def weighted(self) -> float:
        """Mean over groups, weighted by their candidates."""
        known = ~np.isnan(self.value_G)
        if not known.any():
            return float("nan")
        return float(np.average(self.value_G[known], weights=self.count_G[known]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Candidates sorted by group and, within it, from the highest score to the lowest, ties known.

    Parameters
    ----------
    order_K
        ``[K]`` candidates in that order.
    group_K
        ``[K]`` group of each of them, in that order.
    count_G
        ``[G]`` candidates of each group.
    first_K, last_K
        ``[K]`` place (from 0) of the first candidate with the same score, and the place after the last.

    Examples
    --------
    >>> groups = Groups.of(np.array([0, 0, 1]), np.array([0.1, 0.9, 0.5]))
    >>> groups.order_K.tolist(), groups.first_K.tolist()
    ([1, 0, 2], [0, 1, 0])
    """

    order_K: np.ndarray
    group_K: np.ndarray
    count_G: np.ndarray
    first_K: np.ndarray
    last_K: np.ndarray

    @classmethod
    def of(cls, group_K: np.ndarray, score_K: np.ndarray) -> Groups:
        """Sort candidates: `group_K` has numbers from 0 (users or impressions), no score may be NaN."""
        assert not np.isnan(score_K).any()
        order = np.lexsort((-score_K, group_K))
        group, score = group_K[order], score_K[order]
        count = np.bincount(group, minlength=int(group.max(initial=-1)) + 1)
        new = np.ones(len(order), dtype=bool)
        new[1:] = (group[1:] != group[:-1]) | (score[1:] != score[:-1])
        tie = np.cumsum(new) - 1
        start = np.flatnonzero(new)
        stop = np.append(start[1:], len(order))
        begin = (np.cumsum(count) - count)[group]
        return cls(
            order_K=order,
            group_K=group,
            count_G=count,
            first_K=start[tie] - begin,
            last_K=stop[tie] - begin,
        )

    def sums(self, value_K: np.ndarray) -> np.ndarray:
        """Return ``[G]`` sums of values that are in the order of `order_K`."""
        return np.bincount(self.group_K, weights=value_K, minlength=len(self.count_G))


def group_auc(groups: Groups, label_K: np.ndarray) -> PerGroup:
    """Return the AUC of each group; its ``mean`` is UAUC, its ``weighted`` GAUC.

    Parameters
    ----------
    groups
        Candidates by user, or by impression for MIND's AUC.
    label_K
        ``[K]`` 1 or 0, in the order in which the candidates came.

    Examples
    --------
    >>> groups = Groups.of(np.array([0, 0, 0, 1]), np.array([0.3, 0.2, 0.1, 0.5]))
    >>> result = group_auc(groups, np.array([1, 0, 1, 1]))
    >>> result.value_G.tolist(), result.left_out
    ([0.5, nan], 1)
    """
    label = label_K[groups.order_K].astype(np.float64)
    positive = groups.sums(label)
    pairs = positive * (groups.count_G - positive)
    # The mean rank of a candidate, counted from the lowest score, is what Mann and Whitney sum.
    rank = groups.count_G[groups.group_K] - (groups.first_K + groups.last_K - 1) / 2
    above = groups.sums(label * rank) - positive * (positive + 1) / 2
    return PerGroup(value_G=_divide(above, pairs), count_G=groups.count_G)


def group_mrr(groups: Groups, label_K: np.ndarray) -> PerGroup:
    """Return sum(label / rank) / sum(label) of each group.

    Examples
    --------
    >>> groups = Groups.of(np.array([0, 0, 0]), np.array([0.3, 0.2, 0.1]))
    >>> group_mrr(groups, np.array([0, 1, 1])).mean
    0.4166...
    """
    label = label_K[groups.order_K].astype(np.float64)
    longest = int(groups.count_G.max(initial=0))
    share = _shared(1 / np.arange(1, longest + 1), groups)
    return PerGroup(value_G=_divide(groups.sums(label * share), groups.sums(label)), count_G=groups.count_G)


def group_ndcg(groups: Groups, label_K: np.ndarray, k: int) -> PerGroup:
    """Return nDCG of the first `k` places of each group, with the gain 2^label - 1.

    Examples
    --------
    >>> groups = Groups.of(np.array([0, 0, 0]), np.array([0.3, 0.2, 0.1]))
    >>> round(group_ndcg(groups, np.array([0, 0, 1]), 10).mean, 6)
    0.5
    """
    assert k > 0
    gain_K = 2.0 ** label_K.astype(np.float64) - 1
    longest = max(int(groups.count_G.max(initial=0)), k)
    discount = np.where(np.arange(longest) < k, 1 / np.log2(np.arange(longest) + 2), 0.0)
    found = groups.sums(gain_K[groups.order_K] * _shared(discount, groups))
    group = np.empty_like(groups.group_K)
    group[groups.order_K] = groups.group_K
    ideal = Groups.of(group, gain_K)
    best = ideal.sums(gain_K[ideal.order_K] * _shared(discount, ideal))
    return PerGroup(value_G=_divide(found, best), count_G=groups.count_G)


def log_losses(label_K: np.ndarray, probability_K: np.ndarray) -> np.ndarray:
    """Return ``[K]`` -log of the probability of what happened; probabilities are kept off 0 and 1."""
    sure = np.clip(probability_K.astype(np.float64), _EPSILON, 1 - _EPSILON)
    label = label_K.astype(np.float64)
    losses: np.ndarray = -(label * np.log(sure) + (1 - label) * np.log1p(-sure))
    return losses


def log_loss(label_K: np.ndarray, probability_K: np.ndarray) -> float:
    """Return the mean of `log_losses`, in nats.

    Examples
    --------
    >>> round(log_loss(np.array([1, 0]), np.array([0.5, 0.5])), 6)
    0.693147
    """
    return float(log_losses(label_K, probability_K).mean())


def _shared(at_place: np.ndarray, groups: Groups) -> np.ndarray:
    """Return ``[K]`` what a place is worth, shared among those with the same score."""
    total = np.concatenate([np.zeros(1), np.cumsum(at_place)])
    shared: np.ndarray = (total[groups.last_K] - total[groups.first_K]) / (groups.last_K - groups.first_K)
    return shared


def _divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    quotient = np.full(len(above), np.nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient
