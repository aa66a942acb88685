"""All metrics of predicted actions in one report, each with its bootstrap interval over users.

Users are the sample, as in `regard.evaluation.significance`: their candidates and impressions come and go
together. A candidate without a known user counts as a user of its own by its impression. AUC over all
candidates is no mean: its samples weight the candidates of one sorted list.

Shape letters: I impressions, K candidates, U users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from regard.data.auc import Ranking
from regard.data.impressions import Impressions
from regard.evaluation.clicks import Groups, PerGroup, group_auc, group_mrr, group_ndcg, log_losses
from regard.evaluation.reliability import Reliability, reliability
from regard.evaluation.significance import Interval

__all__ = ["ClickMetrics", "measure_clicks", "user_sample"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickMetrics:
    """What a ranker achieves on one action.

    Parameters
    ----------
    action
        The label.
    values
        ``auc``, ``uauc``, ``gauc``; of impressions that hold both classes ``impression_auc``, ``mrr``,
        ``ndcg@5``, ``ndcg@10``; with probabilities ``log_loss``. What has no value is left out.
    candidates, users, impressions
        How many were measured.
    users_left_out
        Users all of whose labels are alike: they have no AUC.
    impressions_left_out
        Impressions all of whose labels are alike, likewise.
    reliability
        Table of predicted and observed shares, with the expected calibration error; None for
        scores that are no probabilities.
    """

    action: str
    values: Mapping[str, Interval]
    candidates: int
    users: int
    impressions: int
    users_left_out: int
    impressions_left_out: int
    reliability: Reliability | None


def measure_clicks(
    impressions: Impressions,
    score_K: np.ndarray,
    *,
    action: str = "click",
    probabilities: np.ndarray | None = None,
    resamples: int = 200,
    seed: int = 0,
) -> ClickMetrics:
    """Measure scores of all candidates against one label of 0 or 1.

    Parameters
    ----------
    impressions
        What was shown.
    score_K
        ``[K]``, higher is better; no NaN.
    action
        Which label.
    probabilities
        ``[K]`` predicted probabilities of the action, where there are any.
    resamples, seed
        Bootstrap samples of users; the same seed gives the same intervals.

    Examples
    --------
    >>> shown = Impressions.of([[1, 2], [3, 4]], clicked=[[1], [4]], users=[0, 1])
    >>> measured = measure_clicks(shown, np.array([0.9, 0.1, 0.3, 0.2]))
    >>> {name: interval.value for name, interval in measured.values.items()}
    {'auc': 0.75, 'uauc': 0.5, 'gauc': 0.5, 'impression_auc': 0.5, 'mrr': 0.75, ...}
    """
    label_K = impressions.labels[action]
    user_I = user_sample(impressions.user_I)
    user_K = np.repeat(user_I, impressions.lengths)
    by_user, by_list = Groups.of(user_K, score_K), Groups.of(impressions.rows(), score_K)
    users, lists = group_auc(by_user, label_K), group_auc(by_list, label_K)
    draws = _Draws(users=len(by_user.count_G), resamples=resamples, seed=seed)
    ranking = Ranking.of(score_K)
    values = {
        "auc": _interval(lambda weight_U: ranking.auc(label_K, weight_U[user_K]), draws),
        "uauc": _mean(users.value_G, np.ones(draws.users), np.arange(draws.users), draws),
        "gauc": _mean(users.value_G, users.count_G, np.arange(draws.users), draws),
    }
    for name, value_I in _of_lists(by_list, label_K, lists).items():
        values[name] = _mean(value_I, np.ones(len(value_I)), user_I, draws)
    table = None
    if probabilities is not None:
        losses_K = log_losses(label_K, probabilities)
        values["log_loss"] = _mean(losses_K, np.ones(len(losses_K)), user_K, draws)
        table = reliability(label_K, probabilities)
    return ClickMetrics(
        action=action,
        values={name: interval for name, interval in values.items() if not np.isnan(interval.value)},
        candidates=len(label_K),
        users=draws.users,
        impressions=len(impressions),
        users_left_out=users.left_out,
        impressions_left_out=lists.left_out,
        reliability=table,
    )


def _of_lists(groups: Groups, label_K: np.ndarray, areas: PerGroup) -> dict[str, np.ndarray]:
    """Return by metric ``[I]`` values of impressions that hold both classes, NaN for the others."""
    both = ~np.isnan(areas.value_G)
    results = {
        "impression_auc": areas,
        "mrr": group_mrr(groups, label_K),
        **{f"ndcg@{k}": group_ndcg(groups, label_K, k) for k in (5, 10)},
    }
    return {name: np.where(both, result.value_G, np.nan) for name, result in results.items()}


def user_sample(user_I: np.ndarray) -> np.ndarray:
    """Return ``[I]`` numbers from 0 without gaps; each impression without a known user is one of its own.

    Examples
    --------
    >>> user_sample(np.array([7, -1, 7, -1, 3])).tolist()
    [3, 1, 3, 0, 2]
    """
    alone = user_I < 0
    key = np.where(alone, -1 - np.cumsum(alone), user_I.astype(np.int64))
    return np.unique(key, return_inverse=True)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draws:
    """Bootstrap samples, drawn anew whenever they are gone through: how often each user is in them."""

    users: int
    resamples: int
    seed: int

    def __iter__(self) -> Iterator[np.ndarray]:
        yield np.ones(self.users, dtype=np.int64)  # the sample itself comes first
        rng = np.random.default_rng(self.seed)
        for _ in range(self.resamples):
            yield np.bincount(rng.integers(0, self.users, self.users), minlength=self.users)


def _mean(value: np.ndarray, weight: np.ndarray, user: np.ndarray, draws: _Draws) -> Interval:
    """Return the weighted mean of values that are not NaN, each belonging to a user."""
    known = ~np.isnan(value)
    users = draws.users
    above = np.bincount(user[known], weights=(value * weight)[known], minlength=users)
    below = np.bincount(user[known], weights=weight[known], minlength=users)

    def ratio(weight_U: np.ndarray) -> float:
        total = float(below @ weight_U)
        return float(above @ weight_U) / total if total else float("nan")

    return _interval(ratio, draws)


def _interval(statistic: Callable[[np.ndarray], float], draws: _Draws) -> Interval:
    value, *sampled = (statistic(weight_U) for weight_U in draws)
    known = np.array(sampled)[~np.isnan(sampled)]
    low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
    return Interval(value=value, low=float(low), high=float(high))
