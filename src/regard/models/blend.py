"""BlendScorer: what attention learned, what goes together, and what is wanted now, weighed together.

    score = model * (state . item) + memory * (sum of neighbours) + trend * log(1 + recent count) - cold

The last is taken from items without training events alone (or added, where it is negative): what attributes
promise of an item that nobody has had yet is not on the scale of what histories taught of the others. All
weights are found on validation; a part that did not help there has weight zero. The trend is the same for
every user: it moves a list, and an influence only through the normaliser of the probabilities.

Shape letters: U users, V items.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from regard.config import Config
from regard.data.packing import PackedBatch
from regard.models.memory import ItemMemory
from regard.models.protocols import Encoder, Rough
from regard.models.scoring import EncoderScorer
from regard.nn.precision import Precision

__all__ = ["Blend", "BlendQuery", "BlendScorer", "BlendWeights"]

_ROUNDINGS = 8  # of float32, at most, on the way from the parts to their sum


class BlendWeights(Config):
    """Weights of the parts: those of model, memory and trend are not negative.

    Attributes
    ----------
    model, memory, trend
        Of the encoder's scores, of the item memory, of the recent popularity.
    recent
        Share of the log's latest events over which the trend counts.
    kind
        Of the memory: ``"next"``, what came after what, or ``"together"``, what the same users have.
    decay
        What an event counts in the memory's sum, as a share of what the event after it counts.
    cold
        What is taken from the scores of items without training events; less than zero: what is added.
    """

    model: float = 1.0
    memory: float = 0.0
    trend: float = 0.0
    recent: float = 1.0
    kind: Literal["next", "together"] = "next"
    decay: float = 1.0
    cold: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """What is weighed beside the encoder.

    Parameters
    ----------
    weights
        Of the parts.
    trend_V
        ``[V]`` float32, log(1 + recent count).
    memory
        The item memory; None if its weight is zero.
    cold_V
        ``[V]`` bool: items without training events that are known by their attributes; None: there are none.
    """

    weights: BlendWeights
    trend_V: Tensor
    memory: ItemMemory | None = None
    cold_V: Tensor | None = None

    @property
    def added(self) -> Tensor:
        """``[V]`` float32: what every user's score of an item has added to it."""
        trend_V = self.weights.trend * self.trend_V
        return trend_V if self.cold_V is None else trend_V - self.weights.cold * self.cold_V

    @classmethod
    def none(cls, num_items: int) -> Blend:
        """Return the blend in which the encoder speaks alone."""
        return cls(weights=BlendWeights(), trend_V=torch.zeros(num_items))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlendQuery:
    """States of the encoder and sums of the memory, for U histories."""

    states_UD: Tensor
    sums_UC: Tensor | None


@dataclass(frozen=True)
class BlendScorer:
    """A Scorer of an encoder and what is weighed beside it.

    Parameters
    ----------
    encoder
        The model, in evaluation mode.
    blend
        The other parts and all weights.
    precision
        Of the encoder's matrix products, see `EncoderScorer`.
    """

    encoder: Encoder
    blend: Blend
    precision: Precision = "float32"

    @cached_property
    def scorer(self) -> EncoderScorer:
        """The encoder by itself."""
        return EncoderScorer(self.encoder, self.precision)

    @cached_property
    def _added(self) -> Tensor:
        return self.blend.added

    @cached_property
    def _most_added(self) -> float:
        return float(self._added.abs().max()) if len(self._added) else 0.0

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        return self.scorer.num_items

    def query(self, batch: PackedBatch) -> BlendQuery:
        """Return the states and sums of the U histories of a batch."""
        memory = self.blend.memory
        return BlendQuery(
            states_UD=self.scorer.query(batch),
            sums_UC=None if memory is None else memory.sums(batch, decay=self.blend.weights.decay),
        )

    def query_without_each(self, batch: PackedBatch) -> BlendQuery | None:
        """Return the query without event 0, 1, ... of one history; None if there is no short way."""
        states_ED = self.scorer.query_without_each(batch)
        if states_ED is None:
            return None
        memory = self.blend.memory
        return BlendQuery(
            states_UD=states_ED,
            sums_UC=None
            if memory is None
            else memory.sums_without_each(batch, decay=self.blend.weights.decay),
        )

    def score(self, query: BlendQuery, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` float32 scores of the items `start` to `stop`."""
        weights, memory = self.blend.weights, self.blend.memory
        scores = weights.model * self.scorer.score(query.states_UD, start, stop)
        scores = scores + self._added[start:stop]
        if memory is not None and query.sums_UC is not None:
            scores = scores + weights.memory * memory.scores(query.sums_UC, start, stop)
        return scores

    def rough(self, query: BlendQuery, start: int, stop: int) -> Rough | None:
        """Return rough scores of the items `start` to `stop`; None where nothing bounds their error."""
        weights, memory = self.blend.weights, self.blend.memory
        dense = self.scorer.rough(query.states_UD, start, stop)
        if dense is None:
            return None
        scores_BU, reach_U = dense.scores_BU, dense.reach_U * weights.model
        scores_BU = scores_BU if weights.model == 1.0 else scores_BU.mul_(weights.model)
        if self._most_added > 0:
            scores_BU = scores_BU.add_(self._added[start:stop, None].to(scores_BU.device))
            reach_U = reach_U + self._most_added
        if memory is not None and query.sums_UC is not None:
            sums_UC = query.sums_UC
            memory.add_to(scores_BU, sums_UC, start, stop, weight=weights.memory)
            if sums_UC.shape[1]:
                most_U = torch.linalg.vector_norm(sums_UC, torch.inf, dim=1).to(reach_U.device)
                reach_U = reach_U + weights.memory * most_U
        slack_U = weights.model * dense.slack_U + _ROUNDINGS * 2.0**-24 * reach_U
        if not bool(reach_U.isfinite().all()):
            return None
        return Rough(scores_BU=scores_BU, slack_U=slack_U, reach_U=reach_U + slack_U)

    def exact(self, query: BlendQuery, row_S: Tensor, item_S: Tensor) -> Tensor:
        """Return ``[S]`` float32 exact scores: the parts in float64, rounded once."""
        weights, memory = self.blend.weights, self.blend.memory
        scores_S = weights.model * self.scorer.table.exact_sum(query.states_UD, row_S, item_S)
        scores_S = scores_S + self._added.index_select(0, item_S).double()
        if memory is not None and query.sums_UC is not None:
            scores_S = scores_S + weights.memory * memory.scores_at(query.sums_UC, row_S, item_S).double()
        return scores_S.float()

    def item_vectors(self) -> Tensor:
        """Return ``[V, D]`` vectors of the items: weighed, with a further dimension for the trend."""
        vectors = self.blend.weights.model * self.scorer.item_vectors().cpu()
        return torch.cat([vectors, self._added[:, None]], dim=1)

    def query_vectors(self, query: BlendQuery) -> Tensor:
        """Return ``[U, D]`` vectors whose inner products with the items' are all but the memory's share."""
        vectors = self.scorer.query_vectors(query.states_UD).cpu()
        return torch.cat([vectors, torch.ones_like(vectors[:, :1])], dim=1)

    def further_candidates(self, query: BlendQuery, count: int) -> Tensor | None:
        """Return ``[U, K]`` items that the memory favours."""
        memory = self.blend.memory
        if memory is None or query.sums_UC is None:
            return None
        best = torch.topk(query.sums_UC, min(count, query.sums_UC.shape[1]), dim=1)
        return memory.item_C[best.indices]
