"""The protocol: ask a ranker the queries, over the whole catalogue, and measure its lists.

There are no sampled candidates anywhere: they change the order of systems (Krichene & Rendle, "On
Sampled Metrics for Item Recommendation", KDD 2020). A ranker is measured on the path that serves. Values
are kept user by user, so that two systems can be compared on the same queries (`regard.evaluation.report`).
It does not know models, nor how the queries were cut.

Shape letters: U users (queries), K places of a list, V items.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
import pydantic

from regard.config import Config
from regard.data.dataset import Dataset
from regard.data.split import Queries
from regard.errors import SplitError
from regard.evaluation.metrics import METRICS, Beyond, Relevant, beyond_accuracy, hits
from regard.evaluation.significance import Interval, bootstrap_interval
from regard.evaluation.slices import quantile_buckets
from regard.models.protocols import Ranks

__all__ = ["EvaluateOptions", "Evaluation", "Metric", "Slice", "evaluate"]


class EvaluateOptions(Config):
    """How to evaluate.

    Attributes
    ----------
    ks
        Lengths of the lists that are judged.
    main_k
        The one of `ks` that slices, comparisons and what lies beyond accuracy use.
    exclude_seen
        Leave out of the lists what is in the history.
    request_time
        Tell the ranker when the target happened, as a server knows when it is asked. Published tables
        that do so are a comparison of their own.
    bootstrap
        Number of bootstrap samples behind each interval.
    confidence
        Share of them that an interval holds.
    seed
        Seed of the bootstrap and of the tests.
    """

    ks: tuple[int, ...] = pydantic.Field(default=(5, 10, 20), min_length=1)
    main_k: int = 10
    exclude_seen: bool = True
    request_time: bool = False
    bootstrap: int = pydantic.Field(default=2000, ge=100)
    confidence: float = pydantic.Field(default=0.95, gt=0, lt=1)
    seed: int = pydantic.Field(default=0, ge=0, lt=2**31)

    @pydantic.model_validator(mode="after")
    def _check(self) -> EvaluateOptions:
        if min(self.ks) < 1:
            raise ValueError("ks must be at least 1")
        if self.main_k not in self.ks:
            raise ValueError(f"main_k = {self.main_k} must be one of ks = {self.ks}")
        return self

    @property
    def main_metric(self) -> str:
        """Name of the metric that decides: NDCG at `main_k`."""
        return f"ndcg@{self.main_k}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric, for instance ``ndcg@10``: mean over users with its interval."""

    name: str
    mean: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The main metrics over some of the users.

    Parameters
    ----------
    by
        ``"history length"`` or ``"target popularity"`` (training events of the target).
    label
        Bounds of the bucket.
    users
        Number of users in it.
    ndcg, recall
        At the main k.
    """

    by: str
    label: str
    users: int
    ndcg: Interval
    recall: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a ranker achieved on queries.

    Parameters
    ----------
    name
        What to call the ranker.
    options
        How it was evaluated.
    metrics
        Every metric at every k.
    beyond
        Coverage, exposure, popularity and novelty of the lists at the main k.
    slices
        By history length and by popularity of the target.
    unseen_targets
        Queries whose target training never saw: misses for whoever learns from ids alone.
    repeated_targets
        Queries whose target is already in the history: misses wherever seen items are left out.
    seconds_per_1000_users
        Wall time of ranking on this machine.
    per_user
        ``[U]`` rows: ``user`` and ``target`` (numbers) and one column for each metric.
    """

    name: str
    options: EvaluateOptions
    metrics: tuple[Metric, ...]
    beyond: Beyond
    slices: tuple[Slice, ...]
    unseen_targets: int
    repeated_targets: int
    seconds_per_1000_users: float
    per_user: pl.DataFrame

    @property
    def num_users(self) -> int:
        """U, the number of queries."""
        return self.per_user.height

    @property
    def main(self) -> Interval:
        """The metric that decides."""
        return self.metric(self.options.main_metric)

    def metric(self, name: str) -> Interval:
        """Return the mean and interval of the metric `name`, for instance ``"recall@20"``."""
        return next(metric.mean for metric in self.metrics if metric.name == name)

    def to_json(self) -> dict[str, Any]:
        """Return everything but the values user by user as a dictionary that JSON can hold."""
        return {
            "name": self.name,
            "options": self.options.to_json(),
            "users": self.num_users,
            "metrics": {metric.name: asdict(metric.mean) for metric in self.metrics},
            "beyond_accuracy": asdict(self.beyond),
            "slices": [asdict(part) for part in self.slices],
            "unseen_targets": self.unseen_targets,
            "repeated_targets": self.repeated_targets,
            "seconds_per_1000_users": self.seconds_per_1000_users,
        }


def evaluate(
    ranker: Ranks, queries: Queries, *, train: Dataset, name: str, options: EvaluateOptions | None = None
) -> Evaluation:
    """Ask `ranker` every query and measure its lists.

    Parameters
    ----------
    ranker
        Anything that ranks the catalogue for histories.
    queries
        U histories and what came next.
    train
        What the ranker learned from: the source of popularity and of "never seen".
    name
        What to call the ranker.
    options
        How to evaluate; None for the defaults.

    Raises
    ------
    SplitError
        If there are no queries.
    """
    options = options or EvaluateOptions()
    if len(queries) == 0:
        raise SplitError("there are no queries to evaluate on; cut the log earlier")
    started = time.perf_counter()
    histories = queries.asked_when_it_happened() if options.request_time else queries.histories
    ranked = ranker.rank(histories, k=max(options.ks), exclude_seen=options.exclude_seen)
    seconds = time.perf_counter() - started
    assert ranked.item_UK.shape == (len(queries), max(options.ks))

    relevant = Relevant.one(queries.target)
    hit_UK = hits(ranked.item_UK, relevant)
    per_user = pl.DataFrame(
        {"user": queries.user, "target": queries.target}
        | {
            f"{metric}@{k}": measure(hit_UK, relevant.count_U, k)
            for metric, measure in METRICS.items()
            for k in sorted(set(options.ks))
        }
    )
    popularity_V = train.item_counts
    return Evaluation(
        name=name,
        options=options,
        metrics=tuple(
            Metric(name=column, mean=_interval(per_user[column].to_numpy(), options))
            for column in per_user.columns[2:]
        ),
        beyond=beyond_accuracy(ranked.item_UK[:, : options.main_k], popularity_V),
        slices=(
            *_slices("history length", queries.histories.lengths, per_user, options),
            *_slices("target popularity", popularity_V[queries.target], per_user, options),
        ),
        unseen_targets=int((popularity_V[queries.target] == 0).sum()),
        repeated_targets=_repeated(queries),
        seconds_per_1000_users=1000 * seconds / len(queries),
        per_user=per_user,
    )


def _interval(values: np.ndarray, options: EvaluateOptions) -> Interval:
    return bootstrap_interval(
        values, resamples=options.bootstrap, confidence=options.confidence, seed=options.seed
    )


def _slices(by: str, numbers: np.ndarray, per_user: pl.DataFrame, options: EvaluateOptions) -> list[Slice]:
    ndcg, recall = (per_user[f"{metric}@{options.main_k}"].to_numpy() for metric in ("ndcg", "recall"))
    return [
        Slice(
            by=by,
            label=bucket.label,
            users=len(bucket.rows),
            ndcg=_interval(ndcg[bucket.rows], options),
            recall=_interval(recall[bucket.rows], options),
        )
        for bucket in quantile_buckets(numbers)
    ]


def _repeated(queries: Queries) -> int:
    histories = queries.histories
    events, rows = histories.events(), histories.rows()
    same = histories.item[events] == queries.target[rows]
    if queries.targets is not None:
        same &= queries.targets.had(histories, events)
    return len(np.unique(rows[same]))
