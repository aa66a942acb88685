"""Fitting a pipeline: a second stage for a retrieval model, from the same log of events.

    early      | learned by the ranker | validation
    -----------+-----------------------+-----------
    a retrieval model of its own is fitted on the early part and proposes candidates for what came later; the
    ranker learns to tell what was taken from what was not. That model is then brought up to date, as the one
    that serves will be, and validation chooses the epoch and the weight for its candidates.

What serves are the retrieval model of the whole log and a ranker that learned once more, for as many epochs,
from all that came after the early part. No target was seen by the model whose candidates stand beside it
(`regard.train.mining`). It knows no file of the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from regard.data.dataset import Dataset
from regard.data.split import Holdout, Queries, SplitSpec, hold_out
from regard.errors import SplitError
from regard.model import Model
from regard.models.calibration import Calibration, fit_calibration
from regard.models.causal import CausalConfig
from regard.models.items import ItemFeatures
from regard.models.rank_rows import score_rows
from regard.models.ranker import Ranker, RankerConfig, RankerSpec
from regard.pipeline import Pipeline
from regard.recommend.candidates import Source
from regard.recommend.second_stage import SecondStage, value_columns
from regard.train.config import TrainConfig
from regard.train.examples import examples_of
from regard.train.fitting import Watch
from regard.train.mining import ACTION, Mine, Mined, sources_of, targets_between
from regard.train.rank_digest import digest_of
from regard.train.ranking import RankTrainer
from regard.train.ranking_config import RankingConfig
from regard.train.stage_sources import Retrieving, alike, early_sources, later_sources, neighbours_of
from regard.train.two_stage_config import SecondStageConfig

__all__ = ["add_second_stage", "ranker_shape", "ranker_spec"]

_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_SPREAD_BY = 256  # histories
_SCALED_BY = 1_000  # targets that tell how sure retrieval may be
_WORTH = 1.01  # the best of several looks better than it is: another order has to be worth one in a hundred


def add_second_stage(
    model: Model, config: SecondStageConfig | None = None, *, watch: Watch | None = None
) -> Model:
    """Train what comes after a retrieval model, on the log that it learned from.

    Returns a `Pipeline`; or the retrieval model, marked as interrupted, where Ctrl-C came before a ranker
    could learn: its checkpoints are kept, and a run that resumes goes on from them.

    Parameters
    ----------
    model
        Retrieval; it serves as it is.
    config
        Candidates and ranker.
    watch
        Progress and checkpoints.

    Raises
    ------
    SplitError
        If the log is too short to be cut in three.
    TrainingError
        If a loss is not finite.
    """
    config, watch = config or SecondStageConfig(), watch or Watch()
    cut = _Cut.of(model, config)
    how = Retrieving(
        config=model.config,
        split=model.split,
        options=model.options,
        columns=model.items.columns,
        second=config,
    )
    mine, fitted = early_sources(cut.early, how, watch)
    if fitted.interrupted:
        return replace(model, interrupted=True)
    learn = _readable(mine, targets_between(model.train, cut.early, cut.late.train, config, seed=mine.seed))
    held = examples_of(cut.late, model.train, most=config.validation_examples)
    kept_E = mine.readable(held.queries) if len(held) else np.zeros(0, dtype=bool)
    if len(learn) == 0 or not kept_E.any():
        raise SplitError(
            f"two-stage: {len(learn)} events to learn a ranker from, {int(kept_E.sum())} to validate it; "
            "it needs more users with events before and after the cuts (second.learns_from, "
            "second.validates_from), or take the recipe 'sequential'"
        )
    mine = mine.scaled(mine.examples(_some(learn, np.arange(len(learn)) < _SCALED_BY)).scale())
    later = later_sources(mine, fitted, cut.late.train, how, watch, asked=held.queries)
    if later is None:
        return replace(model, interrupted=True)
    study = _Study(
        model=model,
        config=config,
        mine=mine,
        pools=later.pools(_some(held.queries, kept_E)),
        weight_E=held.weight_E[kept_E],
    )
    every = targets_between(model.train, cut.early, model.train, config, seed=mine.seed)
    return study.pipeline(mine.examples(learn), mine.examples(_readable(mine, every)), watch)


def ranker_shape(model: Model, config: SecondStageConfig) -> RankerConfig:
    """Return the shape of the ranker: it reads of events what the retrieval model reads."""
    context = CausalConfig.from_json(model.config.shape).context
    return config.shape.changed(context=context.changed(user_attributes=False))


def ranker_spec(model: Model, trained_V: np.ndarray, edges: Mapping[str, np.ndarray]) -> RankerSpec:
    """Return what a ranker is built from: the attributes of the retrieval model, and values of the sources.

    Parameters
    ----------
    model
        Retrieval.
    trained_V
        ``[V]`` bool: items that the ranker learns from.
    edges
        By source, of its values.
    """
    return RankerSpec(
        actions=(ACTION,),
        items=ItemFeatures(columns=model.items.columns, trained_V=trained_V),
        users=ItemFeatures(trained_V=np.zeros(0, dtype=bool)),
        events=replace(model.network.context.spec, users={}),
        request=value_columns(edges, np.full((1, len(edges)), np.nan, dtype=np.float32)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """The log in three: `early`, what lies between it and ``late.train``, and what came after."""

    early: Dataset
    late: Holdout

    @classmethod
    def of(cls, model: Model, config: SecondStageConfig) -> _Cut:
        train = model.train
        if model.split.kind == "leave-last-out":
            late = hold_out(train, model.split)
            return cls(early=hold_out(late.train, model.split).train, late=late)
        late = hold_out(train, SplitSpec(quantile=config.validates_from))
        return cls(early=hold_out(train, SplitSpec(quantile=config.learns_from)).train, late=late)


def _readable(mine: Mine, queries: Queries) -> Queries:
    return _some(queries, mine.readable(queries)) if len(queries) else queries


def _some(queries: Queries, kept_E: np.ndarray) -> Queries:
    return replace(
        queries,
        user=queries.user[kept_E],
        histories=queries.histories.take(np.flatnonzero(kept_E)),
        target=queries.target[kept_E],
        target_time=queries.target_time[kept_E],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Study:
    """What is the same while a ranker is searched for and fitted.

    `pools` are the candidates that validation orders, `weight_E` what each of its targets counts.
    """

    model: Model
    config: SecondStageConfig
    mine: Mine
    pools: Mined
    weight_E: np.ndarray

    def pipeline(self, learn: Mined, every: Mined, watch: Watch) -> Pipeline:
        """Find epoch and weight on validation, then learn from every target."""
        model, config = self.model, self.config
        edges = learn.edges(self.mine.sources)
        rows = self.pools.rows(edges, max_length=config.shape.max_length)
        base_K, spec = self.pools.value_KN[:, 0], self._spec(learn, edges)
        search = self._trainer(learn, spec, edges, config.train)

        def added() -> np.ndarray:
            return score_rows(search.ranker, rows, device=model.options.device)[:, 0]

        found = search.run(
            hooks=watch.hooks("ranking search", config.train.epochs),
            validate=lambda: self.pools.ndcg(base_K + added(), self.weight_E),
            folder=watch.folder and watch.folder / "ranking search",
            fingerprint=digest_of(rows),
            resume=watch.resume,
        )
        added_K = added()
        ndcg = {weight: self.pools.ndcg(base_K + weight * added_K, self.weight_E) for weight in _WEIGHTS}
        weight = max(ndcg, key=lambda one: ndcg[one])
        weight = weight if ndcg[weight] > _WORTH * ndcg[0.0] else 0.0
        served, epochs, interrupted = search, found.history, found.interrupted
        if not found.interrupted:
            spec, train = self._spec(every, edges), config.train.changed(stop_after=found.best_epoch)
            served = self._trainer(every, spec, edges, train)
            again = served.run(
                hooks=watch.hooks("ranking refit", found.best_epoch),
                folder=watch.folder and watch.folder / "ranking refit",
                resume=watch.resume,
            )
            epochs, interrupted = epochs + again.history, again.interrupted
        second = SecondStage(
            sources=self._sources(),
            ranker=served.ranker.eval(),
            edges=edges,
            max_length=config.shape.max_length,
            weight=weight,
            calibration=_calibration(base_K + weight * added_K, self.pools),
        )
        record = {
            "ndcg": {f"{one:g}": value for one, value in ndcg.items()},
            "recall": _recall(self.pools, self.weight_E),
            "examples": len(every.impressions),
            "validation_examples": len(self.pools.impressions),
            "interrupted": interrupted,
            "training": epochs,
        }
        stopped = replace(model, interrupted=interrupted)
        return Pipeline.after(stopped, second, stages=config, spec=spec, record=record)

    def _spec(self, mined: Mined, edges: Mapping[str, np.ndarray]) -> RankerSpec:
        return ranker_spec(self.model, mined.met(len(self.model.dataset.items)), edges)

    def _trainer(
        self, mined: Mined, spec: RankerSpec, edges: Mapping[str, np.ndarray], train: TrainConfig
    ) -> RankTrainer:
        model, config = self.model, self.config
        shape = ranker_shape(model, config)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(model.options.seed)
            ranker = Ranker(shape, spec)
        size = config.batch_candidates
        settings = RankingConfig(
            shape=shape, train=train, batch_candidates=size, objective="list", position=False
        )
        rows = mined.rows(edges, max_length=shape.max_length)
        return RankTrainer(ranker, rows, config=settings, options=model.options)

    def _sources(self) -> tuple[Source, ...]:
        """Fit the sources to the whole training log: what serves.

        Of the retrieval model no targets are left that it has not seen: it is made as sure as the one of the
        early part, by the spread of what both propose for the same histories.
        """
        model, config, mine = self.model, self.config, self.mine
        first, *others = sources_of(
            model.recommender, model.train, config, similar=neighbours_of(model.train, config)
        )
        histories = self.pools.histories.take(slice(0, _SPREAD_BY))
        scale = alike(mine, first, histories, known_V=model.recommender.known_V)
        return (replace(first, scale=scale), *others)


def _calibration(score_K: np.ndarray, pools: Mined) -> Calibration:
    """Return what makes scores probabilities that a candidate is what comes next."""
    label_K = pools.impressions.labels[ACTION]
    if label_K.min() == label_K.max():
        return Calibration()
    return fit_calibration("platt", score_K, label_K)


def _recall(pools: Mined, weight_E: np.ndarray) -> float:
    """Return the weighted share of validation's targets that are candidates."""
    found = np.bincount(pools.impressions.rows(), weights=pools.impressions.labels[ACTION])
    return float((weight_E * found).sum() / weight_E.sum())
