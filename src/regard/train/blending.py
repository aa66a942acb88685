"""Blending: fit item memories and the trend, and find on validation what each part is worth.

Memories are those of `regard.train.memories`; the trend counts the latest share of the log. Their weights
are searched on a table of scores; what is found has to be better than the model alone on the path that
serves. (Weights of highest likelihood, tried first, give the memory far less than is good for the first ten
places.)

Shape letters: E examples, V items, K candidates of the likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pydantic
import torch
from torch import Tensor

from regard.config import Config
from regard.data.dataset import Dataset
from regard.data.packing import PackedBatch
from regard.data.split import Holdout
from regard.models.blend import Blend, BlendWeights
from regard.models.causal import CausalModel
from regard.models.memory import ItemMemory
from regard.models.scoring import EncoderScorer
from regard.recommend.serving import recommender_of
from regard.train.examples import Examples, examples_of
from regard.train.memories import Kind, MemoryConfig, fit_memory
from regard.train.newcomers import taken_from_new

__all__ = ["BlendConfig", "Parts", "Weighed", "find_weights", "make_blend", "make_parts"]

_DECAYS = (1.0, 0.95, 0.8, 0.6, 0.4)
_RECENT = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
_STEPS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_WORTH = 1.01  # the best of many tries looks better than it is: a part has to be worth one in a hundred
_CANDIDATES = 16_384


class BlendConfig(Config):
    """What is weighed beside the model.

    Attributes
    ----------
    memory
        Which item memories may be used, and how they are fitted.
    trend
        Whether the trend may be used.
    examples
        At most this many validation examples find the weights.
    for_new
        Share of NDCG@10 on validation that may be given up so that new items are recommended more often, in
        a catalogue of which a tenth is new; with fewer new items it costs less.
    """

    memory: MemoryConfig = MemoryConfig()
    trend: bool = True
    examples: int = pydantic.Field(default=2_000, ge=1)
    for_new: float = pydantic.Field(default=0.05, ge=0, lt=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Memories and trends of a training log, before anything is weighed.

    Parameters
    ----------
    memories
        By kind.
    trends
        By share of the latest events: ``[V]`` log(1 + count).
    """

    memories: Mapping[Kind, ItemMemory]
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


def make_parts(train: Dataset, config: BlendConfig, *, wanted: BlendWeights | None = None) -> Parts:
    """Fit memories and trends to a training log: all that `config` allows, or only those `wanted`."""
    kinds: tuple[Kind, ...] = config.memory.kinds
    shares: tuple[float, ...] = _RECENT if config.trend else ()
    if wanted is not None:
        kinds = (wanted.kind,) if wanted.memory > 0 else ()
        shares = (wanted.recent,) if wanted.trend > 0 else ()
    fitted = {kind: fit_memory(train, kind, config.memory) for kind in kinds}
    return Parts(
        memories={kind: memory for kind, memory in fitted.items() if memory is not None},
        trends={share: _trend(train, share) for share in shares},
    )


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
        value = asked.ndcg(recommender_of(model, known=held.train, train=held.train, blend=blend, new=False))
        if value > best_value:
            best, best_value = weights, value
    chosen = make_blend(parts, best, num_items=len(known.items))
    spread = _Table.spread(table.model_EK)
    most, given = config.examples, config.for_new
    taken = taken_from_new(model, chosen, held, known, spread=spread, most=most, given=given)
    return Weighed(weights=best.changed(cold=taken), value=best_value)


def make_blend(parts: Parts, weights: BlendWeights, *, num_items: int) -> Blend:
    """Put parts and weights together."""
    trend = parts.trends.get(weights.recent) if weights.trend > 0 else None
    return Blend(
        weights=weights,
        trend_V=torch.zeros(num_items) if trend is None else trend,
        memory=parts.memories.get(weights.kind) if weights.memory > 0 else None,
    )


def _trend(train: Dataset, share: float) -> Tensor:
    """Return ``[V]`` log(1 + count) in the latest share of the events that are asked for."""
    train = train.only_targets()
    events = train.histories.events()
    latest = np.argsort(train.histories.time[events], kind="stable")
    counted = train.histories.item[events][latest[-max(1, round(share * len(events))) :]]
    return torch.from_numpy(np.log1p(np.bincount(counted, minlength=len(train.items))).astype(np.float32))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Scores of each part for each example, over all items or the most frequent ten thousand.

    Weights are searched in units that give a part the spread of the model's scores, so that the same few
    are worth trying on every log.
    """

    model_EK: Tensor
    memories: Mapping[tuple[Kind, float], Tensor]
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
        scorer = EncoderScorer(model)
        states = scorer.query(batch)
        scores = scorer.catalogue.scores_shared(states, item_K.to(states.device)).float().cpu()
        events, rows = examples.histories.events(), examples.histories.rows()
        seen = examples.histories.item[events]
        place = np.searchsorted(candidate, seen).clip(max=len(candidate) - 1)
        inside = candidate[place] == seen
        if examples.targets is not None:
            inside &= examples.targets.had(examples.histories, events)
        scores[rows[inside], place[inside]] = float("-inf")
        return cls(
            model_EK=scores,
            memories={
                (kind, decay): memory.scores_of(memory.sums(batch, decay=decay), item_K)
                for kind, memory in parts.memories.items()
                for decay in _DECAYS
            },
            trends={share: trend[item_K] for share, trend in parts.trends.items()},
            target_E=torch.from_numpy(np.searchsorted(candidate, examples.target)),
            weight_E=torch.from_numpy(asked.weight_E).float(),
        )

    def best(self) -> BlendWeights:
        """Return the best weights: first of the memory, then of the trend, then of the memory again."""
        weights, spread = BlendWeights(), self.spread(self.model_EK)
        memory = [
            {"memory": step * spread / self.spread(scores), "kind": kind, "decay": decay}
            for (kind, decay), scores in self.memories.items()
            for step in _STEPS
        ]
        trend = [
            {"trend": step * spread / self.spread(scores), "recent": recent}
            for recent, scores in self.trends.items()
            for step in _STEPS
        ]
        for options in (memory, trend, memory):
            tried = [weights, *(weights.changed(**option) for option in options)]
            values = [self.value(one) for one in tried]
            if max(values) > _WORTH * values[0]:
                weights = tried[int(np.argmax(values))]
        return weights

    def value(self, weights: BlendWeights) -> float:
        """Return the mean of NDCG@10 and NDCG@100: the second has less noise where few can be asked."""
        scores = weights.model * self.model_EK
        if weights.memory > 0:
            scores.add_(self.memories[weights.kind, weights.decay], alpha=weights.memory)
        if weights.trend > 0:
            scores.add_(self.trends[weights.recent], alpha=weights.trend)
        rank_E = (scores > scores.gather(1, self.target_E[:, None])).sum(1)
        gain_E = 1 / torch.log2(rank_E + 2.0)
        return float((self.weight_E * gain_E * ((rank_E < 10).float() + (rank_E < 100).float())).sum() / 2)

    @staticmethod
    def spread(scores: Tensor) -> float:
        """Return the standard deviation of some scores over items."""
        inside = scores[scores > float("-inf")]
        return max(float(inside.std()), 1e-9)
