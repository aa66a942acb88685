"""The causal model: what comes next, given everything before it.

A pre-norm transformer over the events of a user, in the manner of GPT, as SASRec brought it to
recommendation (Kang & McAuley, "Self-Attentive Sequential Recommendation", 2018). The state after an
event is compared with the items' own vectors. It knows numbers of items, not ids, and no loss.

Shape letters: T events, U users, D width, V items.
"""

from __future__ import annotations

import math
from typing import Literal

import pydantic
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from regard.config import Config
from regard.data.packing import NO_TIME, PackedBatch
from regard.models.context import Context, ContextConfig, ContextSpec, next_times
from regard.models.items import ItemConfig, ItemEncoder, ItemFeatures
from regard.models.protocols import Encoded, Observed
from regard.nn.attention import SelfAttention
from regard.nn.block import Block
from regard.nn.dropout import dropout
from regard.nn.embed import IdEmbedding
from regard.nn.gaps import GapEmbedding
from regard.nn.heads import Catalogue
from regard.nn.mask import causal, same_user, window
from regard.nn.plan import AttentionPlan
from regard.nn.smooth import LocalFilter
from regard.nn.stack import Stack
from regard.nn.without import Tokens, last_without_each

__all__ = ["CausalConfig", "CausalModel"]

_HIDDEN_GAPS = 0.1  # of the gaps in training, for histories and requests without times


class CausalConfig(Config):
    """Shape of a causal model.

    Attributes
    ----------
    width
        D, width of item vectors and states.
    blocks, heads
        Number of transformer blocks, and of attention heads in each.
    expansion
        Hidden width of the feed-forward networks as a multiple of D.
    max_length
        Longest history that it reads; of longer ones the latest events.
    attention_window
        Latest events that an event may look back on in each block, itself included; None: all of them. Time
        and memory of long histories then grow with their length and not with its square.
    filter_share
        Share of a filter of the latest events beside the attention of each block, as in BSARec
        (`regard.nn.smooth`); 0: there is none.
    dropout
        Share of values dropped inside the blocks.
    embedding_dropout
        Share of values dropped from the item vectors at the input.
    similarity
        ``"dot"``, or ``"cosine"``: vectors of states and items have length one, and a learned factor says how
        sharp their comparison is. How often an item occurs then cannot hide in the length of its vector.
    sharpness
        The factor at the beginning.
    item_scale
        Standard deviation of the items' vectors at the beginning; None: their length is one.
    gaps
        Whether it reads how long before an event the one before it happened.
    request_time
        Whether it reads how long after an event the next item is asked for.
    items
        How an item's attributes, if it has any, become its vector.
    context
        What is read of events and users beside items and times.
    """

    width: int = pydantic.Field(default=64, ge=1)
    blocks: int = pydantic.Field(default=2, ge=1)
    heads: int = pydantic.Field(default=2, ge=1)
    expansion: int = pydantic.Field(default=4, ge=1)
    max_length: int = pydantic.Field(default=200, ge=1)
    attention_window: int | None = pydantic.Field(default=None, ge=1)
    filter_share: float = pydantic.Field(default=0.0, ge=0, lt=1)
    dropout: float = pydantic.Field(default=0.3, ge=0, lt=1)
    embedding_dropout: float = pydantic.Field(default=0.3, ge=0, lt=1)
    similarity: Literal["dot", "cosine"] = "dot"
    sharpness: float = pydantic.Field(default=14.0, gt=0)
    item_scale: float | None = pydantic.Field(default=None, gt=0)
    gaps: bool = False
    request_time: bool = False
    items: ItemConfig = ItemConfig()
    context: ContextConfig = ContextConfig()


class CausalModel(nn.Module):
    """Transformer that reads a history from left to right.

    Parameters
    ----------
    config
        Its shape.
    num_items
        V.
    features
        What is known of the items beside who had them; None: they are their ids.
    context
        What the log has beside items and times; None: nothing.

    Examples
    --------
    >>> from regard.data.histories import Histories
    >>> model = CausalModel(CausalConfig(width=8), num_items=100)
    >>> batch = PackedBatch.of(Histories.of([[3, 1, 2], [5]]))
    >>> model.encode(batch).states_TD.shape
    torch.Size([4, 8])
    """

    items: IdEmbedding | ItemEncoder

    def __init__(
        self,
        config: CausalConfig,
        *,
        num_items: int,
        features: ItemFeatures | None = None,
        context: ContextSpec | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        # Vectors of length one are well above those of the positions, so that content is heard first.
        scale = config.item_scale or config.width**-0.5
        if features is None or not features.columns:
            self.items = IdEmbedding(num_items, config.width, scale=scale)
        else:
            self.items = ItemEncoder(config.items, features, config.width, scale=scale)
        self.positions = IdEmbedding(config.max_length, config.width)
        self.stack = Stack(
            [
                Block(
                    SelfAttention(config.width, heads=config.heads),
                    expansion=config.expansion,
                    dropout=config.dropout,
                    local=LocalFilter(config.width, share=config.filter_share)
                    if config.filter_share > 0
                    else None,
                )
                for _ in range(config.blocks)
            ]
        )
        self.gaps = GapEmbedding(config.width, hidden=_HIDDEN_GAPS) if config.gaps else None
        self.wait = GapEmbedding(config.width, hidden=_HIDDEN_GAPS) if config.request_time else None
        self.context = Context(config.context, context or ContextSpec(), config.width)
        cosine = config.similarity == "cosine"
        self.sharpness = nn.Parameter(torch.tensor(math.log(config.sharpness))) if cosine else None

    def encode(self, batch: PackedBatch, catalogue: Catalogue | None = None) -> Encoded:
        """Return the state after each event; no history may be longer than `max_length`.

        Parameters
        ----------
        batch
            T events.
        catalogue
            What `catalogue` returned, so that items' vectors that are already computed are not computed
            again; None computes those of the batch.
        """
        plan = self._plan(batch)
        y_TD = self.stack(self._embed(batch, plan, catalogue), plan)
        return Encoded(states_TD=self._state(y_TD), offsets=batch.offsets)

    def encode_last(self, batch: PackedBatch, catalogue: Catalogue | None = None) -> Tensor:
        """Return ``[U, D]`` states after the last event of each history; none may be empty."""
        plan = self._plan(batch)
        return self._state(self.stack.last(self._embed(batch, plan, catalogue), plan))

    def encode_without_each(self, batch: PackedBatch, catalogue: Catalogue | None = None) -> Tensor | None:
        """Return ``[E, D]`` states after the last event without event 0, 1, ... of one history of E events.

        None where `regard.nn.without` cannot do it, or an event reads when the next one was asked for.
        """
        assert batch.num_users == 1
        plan, events = self._plan(batch), batch.num_events
        if self.wait is not None or self.context.calendar is not None or not plan.causal or events < 2:
            return None
        own_ED = self._embed(batch, plan, catalogue)
        later = batch.without_first()
        moved_ED = F.pad(self._embed(later, self._plan(later), catalogue), (0, 0, 1, 0))
        next_ED = moved_ED[1:]
        if self.gaps is not None:
            since_E = _since_last(batch, plan)
            known = (batch.time_T[:-2] != NO_TIME) & (batch.time_T[2:] != NO_TIME)
            over_E = torch.where(known, batch.time_T[2:] - batch.time_T[:-2], -1)
            change = self.gaps(over_E) - self.gaps(since_E[2:])
            next_ED = torch.cat([next_ED[:1], next_ED[1:] + change])
        tokens = Tokens(own_ED=own_ED, moved_ED=moved_ED, next_ED=next_ED)
        y_ED = last_without_each(self.stack, tokens, plan)
        return None if y_ED is None else self._state(y_ED)

    def observed(self, batch: PackedBatch) -> Observed:
        """Return the same states with the attention weights, by the reference kernel."""
        plan = self._plan(batch)
        seen = self.stack.observed(self._embed(batch, plan, None), plan)
        return Observed(states_TD=self._state(seen.y_TD), weights_LNTT=seen.weights_LNTT)

    def catalogue(self) -> Catalogue:
        """Return the vectors of the items, which outputs and inputs share, scaled if by cosine."""
        unit, items = self.sharpness is not None, self.items
        if isinstance(items, IdEmbedding):
            return Catalogue(
                weight_PD=items.weight, bias_P=None, size=items.size, unit=unit, sparse=items.sparse
            )
        bias_P = _silence(items) if self.training else None
        if items.as_table or not torch.is_grad_enabled():
            return Catalogue(weight_PD=items.table(), bias_P=bias_P, size=items.size, unit=unit)
        shape = torch.empty(items.padded, items.width, device="meta")
        return Catalogue(weight_PD=shape, bias_P=bias_P, size=items.size, unit=unit, encode=items)

    def item_table(self) -> Tensor:
        """Return ``[V, D]`` output vectors of the items."""
        return self.catalogue().vectors()[: self.items.size]

    def _plan(self, batch: PackedBatch) -> AttentionPlan:
        mask, size = causal() & same_user(), self.config.attention_window
        return AttentionPlan.of(batch.offsets, mask=mask if size is None else mask & window(size))

    def _embed(self, batch: PackedBatch, plan: AttentionPlan, catalogue: Catalogue | None) -> Tensor:
        assert plan.query.longest <= self.config.max_length, "cut histories to max_length before encoding"
        item_TD = self.items(batch.item_T) if catalogue is None else catalogue.inputs(batch.item_T)
        x_TD: Tensor = item_TD + self.positions(plan.query.position_T)
        if self.gaps is not None:
            x_TD = x_TD + self.gaps(_since_last(batch, plan))
        if self.wait is not None:
            x_TD = x_TD + self.wait(_until_next(batch))
        if not self.context.silent:
            x_TD = x_TD + self.context(batch)
        return dropout(x_TD, self.config.embedding_dropout, training=self.training)

    def _state(self, y_TD: Tensor) -> Tensor:
        if self.sharpness is None:
            return y_TD
        return F.normalize(y_TD.float(), dim=-1) * self.sharpness.exp()


def _silence(items: ItemEncoder) -> Tensor | None:
    """Return ``[P]`` -inf for items without training events, else 0; None if all have one.

    An item that nobody could have had yet is no wrong answer: in training it is none at all, or the model
    would learn from its attributes that it is never the next one.
    """
    if bool(items.trained_V.all()):
        return None
    silent_V = torch.zeros(items.size, device=items.trained_V.device)
    return F.pad(silent_V.masked_fill(~items.trained_V, float("-inf")), (0, items.padded - items.size))


def _since_last(batch: PackedBatch, plan: AttentionPlan) -> Tensor:
    """Return ``[T]`` microseconds since the user's event before, -1 where there is none or no time."""
    before_T = batch.time_T.roll(1)
    known_T = (plan.query.position_T > 0) & (before_T != NO_TIME) & (batch.time_T != NO_TIME)
    return torch.where(known_T, batch.time_T - before_T, -1)


def _until_next(batch: PackedBatch) -> Tensor:
    """Return ``[T]`` microseconds until the next item was, or is, asked for; -1 where that is not known."""
    next_T = next_times(batch)
    known_T = (next_T != NO_TIME) & (batch.time_T != NO_TIME)
    return torch.where(known_T, (next_T - batch.time_T).clamp(min=0), -1)
