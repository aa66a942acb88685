"""The causal model: what comes next, given everything before it.

A pre-norm transformer over the events of a user, in the manner of GPT, as SASRec brought it to
recommendation (Kang & McAuley, "Self-Attentive Sequential Recommendation", 2018). The state after an
event is compared with the items' own vectors. It knows numbers of items, not ids, and no loss.

Shape letters: T events, U users, D width, V items.
"""

from __future__ import annotations

import pydantic
from torch import Tensor, nn
from torch.nn import functional as F

from regard.config import Config
from regard.data.packing import PackedBatch
from regard.models.protocols import Encoded, Observed
from regard.nn.attention import SelfAttention
from regard.nn.block import Block
from regard.nn.embed import IdEmbedding
from regard.nn.heads import Catalogue
from regard.nn.mask import causal, same_user
from regard.nn.plan import AttentionPlan
from regard.nn.stack import Stack

__all__ = ["CausalConfig", "CausalModel"]


class CausalConfig(Config):
    """Shape of a causal model.

    Attributes
    ----------
    width
        D, width of item vectors and states.
    blocks, heads
        Number of transformer blocks, and of attention heads in each.
    max_length
        Longest history that it reads; of longer ones the latest events.
    dropout
        Share of values dropped inside the blocks.
    embedding_dropout
        Share of values dropped from the item vectors at the input.
    """

    width: int = pydantic.Field(default=64, ge=1)
    blocks: int = pydantic.Field(default=2, ge=1)
    heads: int = pydantic.Field(default=2, ge=1)
    max_length: int = pydantic.Field(default=200, ge=1)
    dropout: float = pydantic.Field(default=0.3, ge=0, lt=1)
    embedding_dropout: float = pydantic.Field(default=0.3, ge=0, lt=1)


class CausalModel(nn.Module):
    """Transformer that reads a history from left to right.

    Parameters
    ----------
    config
        Its shape.
    num_items
        V.

    Examples
    --------
    >>> from regard.data.packing import Histories
    >>> model = CausalModel(CausalConfig(width=8), num_items=100)
    >>> batch = PackedBatch.of(Histories.of([[3, 1, 2], [5]]))
    >>> model.encode(batch).states_TD.shape
    torch.Size([4, 8])
    """

    def __init__(self, config: CausalConfig, *, num_items: int) -> None:
        super().__init__()
        self.config = config
        # Items start with vectors of length one, well above the positions, so that content is heard first.
        self.items = IdEmbedding(num_items, config.width, scale=config.width**-0.5)
        self.positions = IdEmbedding(config.max_length, config.width)
        self.stack = Stack(
            [
                Block(SelfAttention(config.width, heads=config.heads), dropout=config.dropout)
                for _ in range(config.blocks)
            ]
        )

    def encode(self, batch: PackedBatch) -> Encoded:
        """Return the state after each event; no history may be longer than `max_length`."""
        plan = self._plan(batch)
        return Encoded(states_TD=self.stack(self._embed(batch, plan), plan), offsets=batch.offsets)

    def observed(self, batch: PackedBatch) -> Observed:
        """Return the same states with the attention weights, by the reference kernel."""
        plan = self._plan(batch)
        seen = self.stack.observed(self._embed(batch, plan), plan)
        return Observed(states_TD=seen.y_TD, weights_LNTT=seen.weights_LNTT)

    def catalogue(self) -> Catalogue:
        """Return the output vectors of the items: the same that the input uses."""
        return Catalogue(weight_PD=self.items.weight, bias_P=None, size=self.items.size)

    def item_table(self) -> Tensor:
        """Return ``[V, D]`` vectors of the items."""
        return self.items.table()

    def _plan(self, batch: PackedBatch) -> AttentionPlan:
        return AttentionPlan.of(batch.offsets, mask=causal() & same_user())

    def _embed(self, batch: PackedBatch, plan: AttentionPlan) -> Tensor:
        assert plan.query.longest <= self.config.max_length, "cut histories to max_length before encoding"
        x_TD: Tensor = self.items(batch.item_T) + self.positions(plan.query.position_T)
        return F.dropout(x_TD, self.config.embedding_dropout, self.training)
