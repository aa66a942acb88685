"""Levers of the network as prototypes: gates and relative bias. For `levers.py` alone.

Each is a causal model of the package with one part exchanged after it was built, so that all other weights
begin as the recipe's do. None of them is served: what pays becomes an option of the one model.

Shape letters: T events, U users, N heads, H head width, D width, L longest history, Q queries of a history.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from regard.data.packing import NO_TIME, PackedBatch
from regard.models.causal import CausalConfig, CausalModel
from regard.models.context import ContextSpec
from regard.models.items import ItemFeatures
from regard.models.protocols import Encoded, Observed
from regard.nn.attention import Attention, SelfAttention
from regard.nn.block import Block, Seen
from regard.nn.dropout import dropout
from regard.nn.gaps import gap_class
from regard.nn.heads import Catalogue
from regard.nn.plan import AttentionPlan, Layout

__all__ = ["GatedFeedModel", "GatedModel", "RelativeModel"]

_CLASSES = 65  # of gaps, unknown ones included
_MULTIPLE = 8  # of hidden widths, for fast products


class _Changed(CausalModel):
    """A causal model that exchanges parts of itself once it is built; see `change`."""

    def __init__(
        self,
        config: CausalConfig,
        *,
        num_items: int,
        features: ItemFeatures | None = None,
        context: ContextSpec | None = None,
    ) -> None:
        super().__init__(config, num_items=num_items, features=features, context=context)
        self.change()

    def change(self) -> None:
        """Exchange parts."""
        raise NotImplementedError


class GatedFeed(nn.Module):
    """SwiGLU in place of the feed-forward network, with as many weights (Shazeer, "GLU Variants", 2020)."""

    def __init__(self, width: int, *, expansion: int, dropout: float) -> None:
        super().__init__()
        hidden = round(2 / 3 * expansion * width / _MULTIPLE) * _MULTIPLE
        self.widen, self.gate = nn.Linear(width, hidden), nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)
        self.dropout = dropout

    def forward(self, x_TD: Tensor) -> Tensor:
        hidden = dropout(F.silu(self.gate(x_TD)) * self.widen(x_TD), self.dropout, training=self.training)
        y: Tensor = self.narrow(hidden)
        return y


class GatedFeedModel(_Changed):
    """With SwiGLU; all ways to states go through the same blocks as ever."""

    def change(self) -> None:
        for block in self.stack.blocks:
            block.feed = _gated_feed(self.config)


class GatedBlock(Block):
    """LiGR: what is added to the stream is gated by the stream (Borisyuk et al., "From Features to Transformers", 2025)."""

    def __init__(self, config: CausalConfig, attention: Attention) -> None:
        super().__init__(attention, expansion=1, dropout=config.dropout)
        self.feed = _gated_feed(config)  # type: ignore[assignment]
        self.gate_attention = nn.Linear(config.width, config.width)
        self.gate_feed = nn.Linear(config.width, config.width)

    def forward(self, x_TD: Tensor, plan: AttentionPlan) -> Tensor:
        return self._add(x_TD, self.attention(self.norm_attention(x_TD), plan=plan))

    def last(self, x_TD: Tensor, plan: AttentionPlan) -> Tensor:
        seen_UD = self.attention.last(self.norm_attention(x_TD), plan=plan)
        return self._add(x_TD[plan.query.offsets[1:] - 1], seen_UD)

    def after(self, x_TD: Tensor, mixed_TD: Tensor) -> Tensor:
        return self._add(x_TD, self.attention.project_out(mixed_TD))

    def observed(self, x_TD: Tensor, plan: AttentionPlan) -> Seen:
        seen = self.attention.observed(self.norm_attention(x_TD), plan=plan)
        return Seen(y_TD=self._add(x_TD, seen.y), weights_NTT=seen.weights)

    def _add(self, x_TD: Tensor, seen_TD: Tensor) -> Tensor:
        x_TD = x_TD + self._dropped(seen_TD) * self.gate_attention(x_TD).sigmoid()
        fed_TD: Tensor = self._dropped(self.feed(self.norm_feed(x_TD)))
        y_TD: Tensor = x_TD + fed_TD * self.gate_feed(x_TD).sigmoid()
        return y_TD

    def _dropped(self, x_TD: Tensor) -> Tensor:
        return dropout(x_TD, self.dropout, training=self.training)


class GatedModel(_Changed):
    """With SwiGLU and gates on the residual stream."""

    def change(self) -> None:
        blocks = [GatedBlock(self.config, block.attention) for block in self.stack.blocks]  # type: ignore[arg-type]
        self.stack.blocks = nn.ModuleList(blocks)


@dataclass(frozen=True)
class Times:
    """When the events of a batch happened, as far as attention over them asks."""

    batch: PackedBatch

    @cached_property
    def of_all(self) -> Pairs:
        """Every event beside every event of its user."""
        layout = self._layout
        return self._pairs(torch.arange(layout.longest).expand(layout.num_users, -1))

    @cached_property
    def of_last(self) -> Pairs:
        """The last event of each user beside every one."""
        return self._pairs(self.batch.lengths[:, None] - 1)

    @cached_property
    def _layout(self) -> Layout:
        return Layout.of(self.batch.offsets)

    def _pairs(self, place_UQ: Tensor) -> Pairs:
        time_UL = self._layout.pad(self.batch.time_T)
        asked_UQ = time_UL.gather(1, place_UQ)
        known_UQL = (asked_UQ != NO_TIME)[:, :, None] & (time_UL != NO_TIME)[:, None]
        since_UQL = torch.where(known_UQL, asked_UQ[:, :, None] - time_UL[:, None], -1)
        back_UQL = place_UQ[:, :, None] - torch.arange(time_UL.shape[1])
        return Pairs(back_UQL=back_UQL, gap_UQL=gap_class(since_UQL))


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """How far back a key lies from a query: in events (negative: it comes later), and the class of the time between."""

    back_UQL: Tensor
    gap_UQL: Tensor


class RelativeAttention(SelfAttention):
    """Attention whose scores have a learned bias, by head, for events between and time between.

    HSTU's bias (Zhai et al., "Actions Speak Louder than Words", ICML 2024) in a softmax. Time is counted from
    the event that looks, not from the moment of the next one, which the recipe does not read either.
    """

    times: Times

    def __init__(self, width: int, *, heads: int, longest: int) -> None:
        super().__init__(width, heads=heads)
        self.by_place = nn.Parameter(torch.zeros(longest, heads))
        self.by_gap = nn.Parameter(torch.zeros(_CLASSES, heads))

    def forward(
        self, x: Tensor, *, source: Tensor | None = None, plan: AttentionPlan | None = None
    ) -> Tensor:
        assert plan is not None
        assert plan.causal
        q_TNH, k_TNH, v_TNH = self.project_in(x).view(len(x), 3, self.heads, -1).unbind(1)
        pad = plan.query.pad
        y_UQNH = self._attend(pad(q_TNH), pad(k_TNH), pad(v_TNH), self.times.of_all)
        y: Tensor = self.project_out(plan.query.unpad(y_UQNH).flatten(1))
        return y

    def last(self, x_TD: Tensor, *, plan: AttentionPlan) -> Tensor:
        _, k_TNH, v_TNH = self.project_in(x_TD).view(len(x_TD), 3, self.heads, -1).unbind(1)
        q_U1NH = self.queries(x_TD[plan.query.offsets[1:] - 1])[:, None]
        y_U1NH = self._attend(q_U1NH, plan.query.pad(k_TNH), plan.query.pad(v_TNH), self.times.of_last)
        y: Tensor = self.project_out(y_U1NH.flatten(1))
        return y

    def _attend(self, q_UQNH: Tensor, k_ULNH: Tensor, v_ULNH: Tensor, pairs: Pairs) -> Tensor:
        bias_UQLN = F.embedding(pairs.back_UQL.clamp(min=0), self.by_place) + F.embedding(
            pairs.gap_UQL, self.by_gap
        )
        score_UNQL = torch.einsum("uqnh,ulnh->unql", q_UQNH, k_ULNH) * q_UQNH.shape[-1] ** -0.5
        score_UNQL = score_UNQL.float() + bias_UQLN.permute(0, 3, 1, 2)
        weight_UNQL = score_UNQL.masked_fill(pairs.back_UQL[:, None] < 0, float("-inf")).softmax(-1)
        return torch.einsum("unql,ulnh->uqnh", weight_UNQL.to(v_ULNH.dtype), v_ULNH)


class RelativeModel(_Changed):
    """With a relative bias of place and time in each head of each block."""

    def change(self) -> None:
        shape = self.config
        for block in self.stack.blocks:
            own = RelativeAttention(shape.width, heads=shape.heads, longest=shape.max_length)
            block.attention = _adopted(own, block.attention)

    def encode(self, batch: PackedBatch, catalogue: Catalogue | None = None) -> Encoded:
        self._read(batch)
        return super().encode(batch, catalogue)

    def encode_last(self, batch: PackedBatch, catalogue: Catalogue | None = None) -> Tensor:
        self._read(batch)
        return super().encode_last(batch, catalogue)

    def encode_without_each(self, batch: PackedBatch, catalogue: Catalogue | None = None) -> Tensor | None:
        """Return None: the short way knows no bias."""
        return None

    def observed(self, batch: PackedBatch) -> Observed:
        raise NotImplementedError("the reference kernel knows no bias")

    def _read(self, batch: PackedBatch) -> None:
        times = Times(batch)
        for block in self.stack.blocks:
            assert isinstance(block.attention, RelativeAttention)
            block.attention.times = times


def _gated_feed(config: CausalConfig) -> GatedFeed:
    return GatedFeed(config.width, expansion=config.expansion, dropout=config.dropout)


def _adopted(own: Attention, usual: Any) -> Attention:
    """Give an attention the weights that the usual one began with."""
    own.load_state_dict(usual.state_dict(), strict=False)
    return own
