"""Stage sources: retrieval models that know less of the log than the one that serves, for a second stage.

A ranker learns from targets that the retrieval model beside it has not seen, so it has one of its own, of the
early part of the log (`early_sources`). Validation comes later than what the ranker learned from: had it the
candidates of the early model, the ranker would look good by nothing but knowing newer events. So that model
goes on, a few epochs, up to where validation begins (`later_sources`). It knows no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from regard.config import RunOptions
from regard.data.columns import Column
from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.split import Queries, SplitSpec
from regard.errors import CapacityError
from regard.evaluation.neighbours import ItemKNN
from regard.models.blend import Blend
from regard.models.causal import CausalModel
from regard.recommend.candidates import Source, spread_of
from regard.recommend.serving import recommender_of
from regard.train.fitting import FitConfig, Fitted, Watch, fit_model
from regard.train.mining import Mine, sources_of
from regard.train.two_stage_config import SecondStageConfig
from regard.train.warm import Before, go_on

__all__ = ["Retrieving", "alike", "early_sources", "later_sources", "neighbours_of"]

_SHARE = 4  # a fourth of the epochs bring a model up to date
_SPREAD_BY = 256  # histories


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieving:
    """How the retrieval model that serves was made, so that others are made alike.

    Parameters
    ----------
    config, split, options
        As of `fit_model`.
    columns
        Attributes of the items, V rows each.
    second
        Of the sources.
    """

    config: FitConfig
    split: SplitSpec
    options: RunOptions
    columns: Mapping[str, Column]
    second: SecondStageConfig


def early_sources(early: Dataset, how: Retrieving, watch: Watch) -> tuple[Mine, Fitted]:
    """Fit the sources to the early part of a log; return them and the retrieval model among them."""
    fitted = fit_model(
        early,
        how.config,
        split=how.split,
        options=how.options,
        watch=_within(watch, "early"),
        columns=how.columns,
    )
    return _mine(fitted.model, fitted.blend, early, how), fitted


def later_sources(
    mine: Mine, fitted: Fitted, late: Dataset, how: Retrieving, watch: Watch, *, asked: Queries
) -> Mine | None:
    """Bring the sources up to date with a longer part of the log; retrieval is as sure as it was.

    None if Ctrl-C ended it early.

    Parameters
    ----------
    mine, fitted
        What `early_sources` returned, `mine` with the scale of its retrieval.
    late
        All of the log before validation.
    how, watch
        As of `early_sources`.
    asked
        Histories of some of these tell how sure both are.
    """
    last = fitted.refit or fitted.search
    epochs = max(1, round(len(last.history) / _SHARE)) if last is not None else 1
    again = go_on(
        Before(model=fitted.model, items=late.items, weights=fitted.blend.weights),
        late,
        how.config.changed(train=how.config.train.changed(epochs=epochs, stop_after=None)),
        options=how.options,
        watch=_within(watch, "later"),
        columns=how.columns,
        context=fitted.model.context.spec,
    )
    if again.interrupted:
        return None
    later = _mine(again.model, again.blend, late, how)
    both = np.flatnonzero(mine.readable(asked) & later.readable(asked))[:_SPREAD_BY]
    if len(both) == 0:
        return later.scaled(mine.sources[0].scale)
    histories = asked.histories.take(both)
    return later.scaled(alike(mine, later.sources[0], histories, known_V=later.known_V))


def alike(mine: Mine, retrieval: Source, histories: Histories, *, known_V: np.ndarray) -> float:
    """Return the scale at which `retrieval`, which knows `known_V`, is as sure as that of `mine`."""
    was = spread_of(mine.sources[0], histories, known_V=mine.known_V)
    own = spread_of(retrieval, histories, known_V=known_V)
    return was / own if own > 0 else 1.0


def neighbours_of(train: Dataset, config: SecondStageConfig) -> ItemKNN | None:
    """Return the neighbours of items; None where none are asked for or the catalogue is too large."""
    if config.similar == 0:
        return None
    try:
        return ItemKNN.fit(train, neighbours=config.neighbours, shrinkage=10.0)
    except CapacityError:
        return None


def _mine(network: CausalModel, blend: Blend, train: Dataset, how: Retrieving) -> Mine:
    retrieval = recommender_of(network, known=train, train=train, blend=blend, new=False)
    similar = neighbours_of(train, how.second)
    return Mine(
        sources=sources_of(retrieval, train, how.second, similar=similar),
        known_V=retrieval.known_V,
        config=how.second,
        seed=how.options.seed,
    )


def _within(watch: Watch, name: str) -> Watch:
    return replace(
        watch,
        hooks=lambda title, epochs: watch.hooks(f"{name} {title}", epochs),
        folder=None if watch.folder is None else watch.folder / name,
    )
