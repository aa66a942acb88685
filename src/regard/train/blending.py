"""Blending: fit the item memory and the trend, and find on validation what each part is worth.

The memory is EASE (Steck, 2019) over the most frequent items, cut to the strongest neighbours of each. The
trend counts the latest share of the log. Their weights are searched on a table of scores; what is found has
to be better than the model alone on the path that serves. (Weights of highest likelihood, tried first, give
the memory far less than is good for the first ten places.)

Shape letters: E examples, V items, K candidates of the likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pydantic
import torch
from torch import Tensor

from regard.config import Config
from regard.data.dataset import Dataset
from regard.data.packing import PackedBatch
from regard.data.split import Holdout
from regard.data.vocab import Vocab
from regard.evaluation.linear import EASE
from regard.models.blend import Blend, BlendScorer, BlendWeights
from regard.models.causal import CausalModel
from regard.models.memory import ItemMemory
from regard.models.scoring import EncoderScorer
from regard.recommend.recommender import Recommender
from regard.train.examples import Examples, examples_of

__all__ = ["BlendConfig", "Parts", "Weighed", "find_weights", "make_blend", "make_parts", "recommender_of"]

_DECAYS = (1.0, 0.95, 0.8, 0.5)
_RECENT = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
_STEPS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_CANDIDATES = 16_384


class BlendConfig(Config):
    """What is weighed beside the model.

    Attributes
    ----------
    memory, trend
        Whether the item memory and the trend may be used.
    memory_items
        The memory covers at most this many of the most frequent items.
    neighbours
        Neighbours kept for each.
    ridge
        Regularisation of the memory (lambda of EASE).
    examples
        At most this many validation examples find the weights.
    """

    memory: bool = True
    trend: bool = True
    memory_items: int = pydantic.Field(default=8_192, ge=2)
    neighbours: int = pydantic.Field(default=200, ge=1)
    ridge: float = pydantic.Field(default=250.0, gt=0)
    examples: int = pydantic.Field(default=1_000, ge=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Memory and trends of a training log, before anything is weighed.

    Parameters
    ----------
    memory
        None if it may not be used.
    trends
        By share of the latest events: ``[V]`` log(1 + count).
    """

    memory: ItemMemory | None
    trends: Mapping[float, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The weights that were best on validation.

    Parameters
    ----------
    weights
        Of model, memory and trend.
    value
        NDCG@10 on validation with them; None if there was nobody to ask.
    """

    weights: BlendWeights
    value: float | None


def make_parts(train: Dataset, config: BlendConfig, *, recent: tuple[float, ...] = _RECENT) -> Parts:
    """Fit memory and trends to a training log."""
    events = train.histories.events()
    item = np.asarray(train.histories.item[events])
    latest = np.argsort(train.histories.time[events], kind="stable")
    trends = {}
    for share in recent if config.trend else ():
        counted = item[latest[-max(1, round(share * len(item))) :]]
        counts = np.bincount(counted, minlength=len(train.items))
        trends[share] = torch.from_numpy(np.log1p(counts).astype(np.float32))
    return Parts(memory=_memory(train, config) if config.memory else None, trends=trends)


def find_weights(model: CausalModel, held: Holdout, known: Dataset, config: BlendConfig) -> Weighed:
    """Weigh the parts on what a validation cut held out.

    Parameters
    ----------
    model
        Trained on ``held.train``, in evaluation mode.
    held
        The validation cut of `known`.
    known
        The whole training log: what came after the cut are the examples, several of a user count as one.
    config
        Which parts there may be.
    """
    parts = make_parts(held.train, config)
    asked = examples_of(held, known, most=config.examples)
    if len(asked) == 0:
        return Weighed(weights=BlendWeights(), value=None)
    table = _Table.of(model, parts, asked, held.train)
    best, best_value = BlendWeights(), -1.0
    for weights in (BlendWeights(), table.best()):
        blend = make_blend(parts, weights, num_items=len(known.items))
        value = asked.ndcg(recommender_of(model, known=held.train, train=held.train, blend=blend))
        if value > best_value:
            best, best_value = weights, value
    return Weighed(weights=best, value=best_value)


def make_blend(parts: Parts, weights: BlendWeights, *, num_items: int) -> Blend:
    """Put parts and weights together."""
    trend = parts.trends.get(weights.recent) if weights.trend > 0 else None
    return Blend(
        weights=weights,
        trend_V=torch.zeros(num_items) if trend is None else trend,
        memory=parts.memory if weights.memory > 0 else None,
    )


def recommender_of(
    model: CausalModel, *, known: Dataset, train: Dataset, blend: Blend | None = None
) -> Recommender:
    """Return what recommends with `model`, in evaluation mode; without a blend it speaks alone."""
    scorer = BlendScorer(model, blend or Blend.none(len(known.items)))
    return Recommender.of(scorer, known=known, train=train, max_history=model.config.max_length)


def _memory(train: Dataset, config: BlendConfig) -> ItemMemory | None:
    """Fit EASE to the most frequent items and keep the strongest weights from each of them."""
    counts = train.item_counts
    frequent = np.argsort(-counts, kind="stable")[: config.memory_items]
    head = np.sort(frequent[counts[frequent] > 0])
    if len(head) < 2:
        return None
    marked = np.zeros(len(counts), dtype=bool)
    marked[head] = True
    inside = train.histories.only(marked)
    place = (np.cumsum(marked) - 1).astype(np.int32)
    ids = pl.Series("id", head)
    small = Dataset(
        users=train.users,
        items=Vocab(ids),
        histories=replace(inside, item=place[inside.item]),
        item_table=pl.DataFrame({"item_id": ids}),
        user_table=train.user_table,
    )
    weights = EASE.fit(small, ridge=config.ridge).weight_VV
    kept = min(config.neighbours, len(head) - 1)
    neighbour = torch.topk(weights.abs(), kept, dim=1).indices
    return ItemMemory(
        item_C=torch.from_numpy(head.astype(np.int64)),
        neighbour_CK=neighbour,
        weight_CK=weights.gather(1, neighbour),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Scores of each part for each example, over all items or the most frequent ten thousand.

    Weights are searched in units that give a part the spread of the model's scores, so that the same few
    are worth trying on every log.
    """

    model_EK: Tensor
    memories: Mapping[float, Tensor]
    trends: Mapping[float, Tensor]
    target_E: Tensor
    weight_E: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, model: CausalModel, parts: Parts, asked: Examples, train: Dataset) -> _Table:
        counts, examples = train.item_counts, asked.queries
        frequent = np.argsort(-counts, kind="stable")[:_CANDIDATES]
        candidate = np.union1d(frequent[counts[frequent] > 0], examples.target)
        item_K = torch.from_numpy(candidate)
        batch = PackedBatch.of(examples.histories.only(counts > 0).latest(model.config.max_length))
        memory = parts.memory
        states = EncoderScorer(model).query(batch)
        scores = model.catalogue().scores_shared(states, item_K.to(states.device)).float().cpu()
        seen = examples.histories.item[examples.histories.events()]
        place = np.searchsorted(candidate, seen).clip(max=len(candidate) - 1)
        inside = candidate[place] == seen
        scores[examples.histories.rows()[inside], place[inside]] = float("-inf")
        return cls(
            model_EK=scores,
            memories={}
            if memory is None
            else {decay: memory.scores_of(memory.sums(batch, decay=decay), item_K) for decay in _DECAYS},
            trends={share: trend[item_K] for share, trend in parts.trends.items()},
            target_E=torch.from_numpy(np.searchsorted(candidate, examples.target)),
            weight_E=torch.from_numpy(asked.weight_E).float(),
        )

    def best(self) -> BlendWeights:
        """Return the best weights: first of the memory, then of the trend, then of the memory again."""
        weights, spread = BlendWeights(), self._spread(self.model_EK)
        memory = [
            {"memory": step * spread / self._spread(scores), "decay": decay}
            for decay, scores in self.memories.items()
            for step in _STEPS
        ]
        trend = [
            {"trend": step * spread / self._spread(scores), "recent": recent}
            for recent, scores in self.trends.items()
            for step in _STEPS
        ]
        for options in (memory, trend, memory):
            tried = [weights, *(weights.changed(**option) for option in options)]
            values = [self.value(one) for one in tried]
            weights = tried[int(np.argmax(values))]
        return weights

    def value(self, weights: BlendWeights) -> float:
        """Return the mean of NDCG@10 and NDCG@100: the second has less noise where few can be asked."""
        scores = weights.model * self.model_EK
        if weights.memory > 0:
            scores.add_(self.memories[weights.decay], alpha=weights.memory)
        if weights.trend > 0:
            scores.add_(self.trends[weights.recent], alpha=weights.trend)
        rank_E = (scores > scores.gather(1, self.target_E[:, None])).sum(1)
        gain_E = 1 / torch.log2(rank_E + 2.0)
        return float((self.weight_E * gain_E * ((rank_E < 10).float() + (rank_E < 100).float())).sum() / 2)

    @staticmethod
    def _spread(scores: Tensor) -> float:
        """Return the standard deviation of some scores over items."""
        inside = scores[scores > float("-inf")]
        return max(float(inside.std()), 1e-9)
