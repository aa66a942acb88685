"""BlendScorer: what attention learned, what goes together, and what is wanted now, weighed together.

    score = model * (state . item) + memory * (sum of neighbours) + trend * log(1 + recent count)

The three weights are found on validation; a part that did not help there has weight zero. The trend is the
same for every user: it moves a list, and an influence only through the normaliser of the probabilities.

Shape letters: U users, V items.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from regard.config import Config
from regard.data.packing import PackedBatch
from regard.models.memory import ItemMemory
from regard.models.protocols import Encoder
from regard.models.scoring import EncoderScorer

__all__ = ["Blend", "BlendQuery", "BlendScorer", "BlendWeights"]


class BlendWeights(Config):
    """Weights of the parts, none of them negative.

    Attributes
    ----------
    model, memory, trend
        Of the encoder's scores, of the item memory, of the recent popularity.
    recent
        Share of the log's latest events over which the trend counts.
    """

    model: float = 1.0
    memory: float = 0.0
    trend: float = 0.0
    recent: float = 1.0


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
    """

    weights: BlendWeights
    trend_V: Tensor
    memory: ItemMemory | None = None

    @classmethod
    def none(cls, num_items: int) -> Blend:
        """Return the blend in which the encoder speaks alone."""
        return cls(weights=BlendWeights(), trend_V=torch.zeros(num_items))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlendQuery:
    """States of the encoder and sums of the memory, for U histories."""

    states_UD: Tensor
    sums_UC: Tensor | None


@dataclass(frozen=True, slots=True)
class BlendScorer:
    """A Scorer of an encoder and what is weighed beside it.

    Parameters
    ----------
    encoder
        The model, in evaluation mode.
    blend
        The other parts and all weights.
    """

    encoder: Encoder
    blend: Blend

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        return EncoderScorer(self.encoder).num_items

    def query(self, batch: PackedBatch) -> BlendQuery:
        """Return the states and sums of the U histories of a batch."""
        memory = self.blend.memory
        return BlendQuery(
            states_UD=EncoderScorer(self.encoder).query(batch),
            sums_UC=None if memory is None else memory.sums(batch),
        )

    def score(self, query: BlendQuery, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` float32 scores of the items `start` to `stop`."""
        weights, memory = self.blend.weights, self.blend.memory
        scores = weights.model * EncoderScorer(self.encoder).score(query.states_UD, start, stop)
        scores = scores + weights.trend * self.blend.trend_V[start:stop]
        if memory is not None and query.sums_UC is not None:
            scores = scores + weights.memory * memory.scores(query.sums_UC, start, stop)
        return scores
