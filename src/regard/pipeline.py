"""TwoStageModel: a Model with a second stage: retrieve, rank, re-rank, in one call.

Candidates come from the retrieval model, popularity, what was popular lately and neighbours of the history's
items; a ranker judges them over one encoded history; a policy may re-rank what comes of it. It has the verbs
of a `Model`, which it is: `recommend` and `recommend_with` serve both stages, `evaluate` asks them beside
retrieval alone, and `trace` shows what each stage did. What is explained is the first stage: `explain` and
`what_if` speak of the retrieval model, and say nothing of what the ranker adds. A `Pipeline` is one whose
ranker learned from the log of the retrieval model.

Shape letters: U users, K places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import polars as pl

from regard.data.histories import Histories
from regard.data.media import Media
from regard.data.schema import Columns
from regard.data.tables import Source
from regard.errors import ConfigError
from regard.evaluation.lists import intra_list_diversity
from regard.evaluation.protocol import EvaluateOptions, evaluate
from regard.evaluation.report import Report
from regard.evaluation.stages import Stages
from regard.model import Model
from regard.models.protocols import Ranked, Ranks
from regard.models.ranker import RankerSpec
from regard.recommend.approx import ApproxConfig
from regard.recommend.filters import Allowed
from regard.recommend.policy import Policy
from regard.recommend.reranked import PolicyRequest, plain_lists
from regard.recommend.second_stage import SecondStage, Stage
from regard.recommend.two_stage import TwoStageRecommender
from regard.train.two_stage_config import SecondStageConfig

__all__ = ["Pipeline", "TwoStageModel"]

_ALONE = "retrieval alone"


@dataclass(frozen=True, kw_only=True)
class TwoStageModel(Model):
    """A trained retrieval model and what comes after it.

    Parameters
    ----------
    second
        Sources of candidates, and a ranker.
    stages
        Its settings.
    record
        What was found when it was made.
    """

    second: Stage
    stages: SecondStageConfig
    record: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def retrieval(self) -> Model:
        """The first stage alone."""
        return Model(**{one.name: getattr(self, one.name) for one in fields(Model)})

    @cached_property
    def recommender(self) -> TwoStageRecommender:
        """What serves: both stages."""
        return TwoStageRecommender.after(self.retrieval.recommender, self.second)

    def trace(self, request: PolicyRequest, policy: Policy | None = None) -> pl.DataFrame:
        """Show what each stage did: one row for each user and candidate.

        Parameters
        ----------
        request
            What is asked, as of `recommend_with`.
        policy
            Rules for the lists; None: none, and as many candidates as `recommend` has.

        Returns
        -------
        polars.DataFrame
            See `regard.recommend.two_stage.TwoStageRecommender.trace`.

        Raises
        ------
        ConfigError, UnknownIdError
            As `recommend` does.
        """
        asked = request if policy is not None else _without_policy(request)
        if policy is not None:
            shown = self.recommend_with(policy, asked).frame
        else:
            shown = plain_lists(self.recommender, asked)
        return self.recommender.trace(asked, shown)

    def evaluate(
        self, *, options: EvaluateOptions | None = None, baselines: bool = True, name: str = "two-stage"
    ) -> Report:
        """Ask both stages for what was held out, beside retrieval alone and the baselines; see `Model`."""
        report = Model.evaluate(self, options=options, baselines=baselines, name=name)
        alone = evaluate(
            self.retrieval.recommender, self.queries, train=self.train, name=_ALONE, options=options
        )
        both, *others = report.evaluations
        return Report.of([both, alone, *others], left_out=report.left_out)

    def evaluate_stages(self, options: EvaluateOptions | None = None) -> Stages:
        """Measure the stages as one system: recall at the hand-over, the final lists, coverage, diversity.

        Diversity is the mean of 1 - cosine of the retrieval model's item vectors over pairs of a list.
        """
        options, queries = options or EvaluateOptions(), self.queries
        asked = queries.asked_when_it_happened() if options.request_time else queries.histories
        sources = self.second.sources
        rank_UN = np.zeros((len(queries), len(sources)), dtype=np.int64)
        count_U = np.zeros(len(queries), dtype=np.int64)
        for row, judged in self.recommender.judged(
            asked,
            least=max(options.ks),
            allowed=Allowed(known_V=self.recommender.known_V),
            exclude_seen=options.exclude_seen,
        ):
            found = judged.proposals
            count_U[row] = len(found.item_S)
            rank_UN[row] = found.rank_SN[found.item_S == queries.target[row]].sum(axis=0)
        vectors_VD = self.policy_context.vectors_VD
        assert vectors_VD is not None
        results, diversity = {}, {}
        for name, ranker in (("two-stage", self.recommender), (_ALONE, self.retrieval.recommender)):
            once = _Once(ranker)
            results[name] = evaluate(once, queries, train=self.train, name=name, options=options)
            item_UK = once.lists[0].item_UK[:, : options.main_k]
            diversity[name] = intra_list_diversity(item_UK, vectors_VD)
        return Stages.of(
            results["two-stage"],
            results[_ALONE],
            sources=tuple(source.name for source in sources),
            rank_UN=rank_UN,
            count_U=count_U,
            diversity=diversity,
        )

    def indexed(self, config: ApproxConfig | None = None) -> NoReturn:
        """Refuse: candidates are searched exactly.

        Raises
        ------
        ConfigError
            Always.
        """
        raise ConfigError("a two-stage model searches its candidates exactly and has no index")

    def add_items(
        self,
        items: Source,
        *,
        columns: Columns | Mapping[str, str] | None = None,
        media: Media | None = None,
    ) -> NoReturn:
        """Refuse: the ranker knows the items that it was trained with.

        Raises
        ------
        ConfigError
            Always.
        """
        raise ConfigError(
            "items cannot be added to a two-stage model, whose ranker knows those of its training: fit it "
            "again, or add them to a model of another recipe"
        )


@dataclass(frozen=True, kw_only=True)
class Pipeline(TwoStageModel):
    """A retrieval model with a ranker that learned from the same log.

    Parameters
    ----------
    second
        Sources of candidates, ranker and their weights.
    spec
        What the ranker was built from.
    record
        What validation found: ``ndcg`` by weight, ``recall`` of candidates, the epochs of the ranker.
    """

    second: SecondStage
    spec: RankerSpec

    @classmethod
    def after(
        cls,
        retrieval: Model,
        second: SecondStage,
        *,
        stages: SecondStageConfig,
        spec: RankerSpec,
        record: Mapping[str, Any],
    ) -> Pipeline:
        """Put a second stage after a retrieval model."""
        held = {one.name: getattr(retrieval, one.name) for one in fields(Model)}
        return cls(**held, second=second, stages=stages, spec=spec, record=record)

    def save(self, folder: str | Path) -> None:
        """Write both stages as one folder, atomically: safetensors, JSON, Parquet and hashes."""
        from regard.pipeline_keep import save_pipeline

        save_pipeline(self, folder)


class _Once:
    """Ranks as another does, and keeps its lists."""

    def __init__(self, ranker: Ranks) -> None:
        self._ranker = ranker
        self.lists: list[Ranked] = []

    def rank(self, histories: Histories, *, k: int, exclude_seen: bool = True) -> Ranked:
        self.lists.append(self._ranker.rank(histories, k=k, exclude_seen=exclude_seen))
        return self.lists[-1]


def _without_policy(request: PolicyRequest) -> PolicyRequest:
    return replace(request, candidates=request.k)
