"""The ranker: how likely each of several actions is for a candidate, given what a user did before.

A candidate attends to the events of the history (`regard.nn.interest`: cross-attention or DIN, one code),
meets the user and the request in a small network, and gets one logit an action. Notable choices:

- Candidates are isolated: a score depends on user, item and context, never on what else is scored. So the
  history is encoded once (`encode`) and hundreds of candidates are scored in one pass (`rank`).
- Candidates and events share the vectors of items. Attributes of a candidate are fused once more, asked by
  the state of the user: brand or price gets its weight for this user and item.
- The position at which something was shown is no input: it belongs to the loss, in training alone
  (`regard.losses.multitask`).

It knows numbers, not ids, and no loss.

Shape letters: T events, U histories, K candidates of all histories, A actions, D width, R rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pydantic
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from regard.config import Config
from regard.data.columns import Column
from regard.data.packing import NO_TIME, PackedBatch
from regard.models.context import Context, ContextConfig, ContextSpec
from regard.models.entities import Entities, RequestFields
from regard.models.items import ItemConfig, ItemEncoder, ItemFeatures
from regard.models.protocols import Candidates
from regard.nn.attention import SelfAttention
from regard.nn.block import Block
from regard.nn.context import CalendarEmbedding
from regard.nn.dropout import dropout
from regard.nn.fuse import AttributeAttention
from regard.nn.gaps import GapEmbedding
from regard.nn.interest import Interest, InterestKind, Looked
from regard.nn.mask import causal, same_user, window
from regard.nn.plan import AttentionPlan, Layout
from regard.nn.stack import Stack

__all__ = ["EncodedHistories", "Ranker", "RankerConfig", "RankerSpec"]

_SECOND = 1_000_000
_HIDDEN = 0.05  # of times in training, so that requests without times are not foreign


class RankerConfig(Config):
    """Shape of a ranker.

    Attributes
    ----------
    width
        D.
    attention, heads
        How candidates look at the history (`regard.nn.interest.Interest`), and with how many heads.
    select
        Of histories longer than this each candidate looks at so many events, those most like it.
    max_length
        Longest history that it reads; of longer ones the latest events.
    blocks, attention_window
        Transformer blocks that read the history first, and how far an event looks back in them; None: all.
    hidden
        Width of the network that the candidate, the interest and the user meet in.
    dropout, embedding_dropout
        Share of values dropped in that network and in blocks; and from vectors of events and candidates.
    scale
        Standard deviation of vectors of items and users at the beginning: small, since what is not learned of
        a rare item is noise.
    asks
        Whether the user's state asks the attributes of a candidate.
    items, users
        How ids and attributes become vectors.
    context
        What is read of events beside items and times; with ``calendar`` also of the request.
    """

    width: int = pydantic.Field(default=32, ge=1)
    attention: InterestKind = "cross"
    heads: int = pydantic.Field(default=4, ge=1)
    select: int = pydantic.Field(default=256, ge=1)
    max_length: int = pydantic.Field(default=200, ge=1)
    blocks: int = pydantic.Field(default=0, ge=0)
    attention_window: int | None = pydantic.Field(default=None, ge=1)
    hidden: int = pydantic.Field(default=64, ge=1)
    dropout: float = pydantic.Field(default=0.2, ge=0, lt=1)
    embedding_dropout: float = pydantic.Field(default=0.2, ge=0, lt=1)
    scale: float = pydantic.Field(default=0.02, gt=0)
    asks: bool = True
    items: ItemConfig = ItemConfig()
    users: ItemConfig = ItemConfig()
    context: ContextConfig = ContextConfig()

    @pydantic.model_validator(mode="after")
    def _divides(self) -> RankerConfig:
        if self.width % self.heads:
            raise ValueError(f"a width of {self.width} cannot be divided into {self.heads} heads")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerSpec:
    """What there is, as sizes that a ranker is built from.

    Parameters
    ----------
    actions
        Names of the A actions.
    items, users
        What is known of items and users.
    events
        What events have beside items and times.
    request
        By name, any column of each further field of candidates or requests: its sizes and edges are read.
    """

    actions: tuple[str, ...]
    items: ItemFeatures
    users: ItemFeatures
    events: ContextSpec = field(default_factory=ContextSpec)
    request: Mapping[str, Column] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedHistories:
    """U histories that candidates can be ranked for.

    Parameters
    ----------
    looked
        The events.
    state_UD
        ``[U, D]`` who asks.
    hidden_UH
        ``[U, H]`` what the user and the request put into the network.
    """

    looked: Looked
    state_UD: Tensor
    hidden_UH: Tensor


class Ranker(nn.Module):
    """Scores candidates for actions.

    Parameters
    ----------
    config
        Its shape.
    spec
        What there is.

    Examples
    --------
    >>> import numpy as np
    >>> from regard.data.histories import Histories
    >>> known = ItemFeatures(trained_V=np.ones(9, dtype=bool))
    >>> ranker = Ranker(RankerConfig(width=8), RankerSpec(actions=("click",), items=known, users=known))
    >>> encoded = ranker.encode(PackedBatch.of(Histories.of([[3, 1, 2], []])))
    >>> ranker.rank(encoded, Candidates.of([[5, 6], [7]])).shape
    torch.Size([3, 1])
    """

    def __init__(self, config: RankerConfig, spec: RankerSpec) -> None:
        super().__init__()
        self.config, self.actions, width = config, spec.actions, config.width
        scale = width**-0.5
        self.items = Entities(config.items, spec.items, width, scale=config.scale)
        self.users = Entities(config.users, spec.users, width, scale=config.scale)
        self.since = GapEmbedding(width, hidden=_HIDDEN)
        self.place = GapEmbedding(width)
        self.count = GapEmbedding(width)
        self.context = Context(config.context, spec.events, width)
        for parameter in self.context.parameters():  # what came of an event is heard as well as its item
            nn.init.normal_(parameter, std=scale)
        self.asked = CalendarEmbedding(width) if config.context.calendar else None
        self.request = RequestFields(spec.request, width, scale=scale) if spec.request else None
        self.stack = _stack(config) if config.blocks else None
        self.interest = Interest(width, kind=config.attention, heads=config.heads, select=config.select)
        self.summary = nn.Linear(2 * width, width)
        described = isinstance(self.items.vectors, ItemEncoder)
        fields = 1 + len(spec.items.columns)
        self.fuse = AttributeAttention(fields, width, asks=True) if described and config.asks else None
        self.of_user = nn.Linear(2 * width, config.hidden)
        self.of_pair = nn.Linear((4 + (self.request is not None)) * width, config.hidden)
        self.middle = nn.Linear(config.hidden, config.hidden)
        self.head = nn.Linear(config.hidden, len(spec.actions))

    def encode(self, batch: PackedBatch) -> EncodedHistories:
        """Read histories once, for any candidates; none may be longer than `max_length`.

        Parameters
        ----------
        batch
            U histories; when they are asked (``asked_U``) and whose they are (``user_U``) is read where
            known.
        """
        layout = Layout.of(batch.offsets)
        assert layout.longest <= self.config.max_length, "cut histories to max_length before encoding"
        item_TD = self.items(batch.item_T)
        x_TD = self._events(batch, item_TD, layout)
        if self.stack is not None and len(x_TD):
            mask, size = causal() & same_user(), self.config.attention_window
            plan = AttentionPlan.of(batch.offsets, mask=mask if size is None else mask & window(size))
            x_TD = self.stack(x_TD, plan)
        user_UD = self.users(batch.user_U)
        total_UD = user_UD.new_zeros(batch.num_users, self.config.width).index_add(0, layout.user_T, x_TD)
        mean_UD = total_UD / batch.lengths.clamp(min=1)[:, None]
        state_UD = self._drop(user_UD + self.summary(torch.cat([mean_UD, self._about(batch)], dim=1)))
        return EncodedHistories(
            looked=self.interest.look(x_TD, item_TD, layout),
            state_UD=state_UD,
            hidden_UH=self.of_user(torch.cat([state_UD, mean_UD], dim=1)),
        )

    def rank(self, encoded: EncodedHistories, candidates: Candidates) -> Tensor:
        """Return ``[K, A]`` logits of candidates; each is what it is without the others.

        Parameters
        ----------
        encoded
            What `encode` returned for U histories.
        candidates
            K items, those of each history together.
        """
        layout = Layout.of(candidates.offsets)
        user_K = layout.user_T
        state_KD = encoded.state_UD[user_K]
        item_KD = self._drop(self._asked_items(candidates.item_K, state_KD))
        interest_KD = layout.unpad(self.interest(layout.pad(item_KD), encoded.looked))
        parts = [item_KD, interest_KD, item_KD * interest_KD, item_KD * state_KD]
        if self.request is not None:
            parts.append(self.request(candidates))
        hidden_KH = F.silu(self.of_pair(torch.cat(parts, dim=1)) + encoded.hidden_UH[user_K])
        hidden_KH = dropout(hidden_KH, self.config.dropout, training=self.training)
        hidden_KH = hidden_KH + dropout(
            F.silu(self.middle(hidden_KH)), self.config.dropout, training=self.training
        )
        logit_KA: Tensor = self.head(hidden_KH).float()
        return logit_KA

    def forward(self, batch: PackedBatch, candidates: Candidates) -> Tensor:
        """Return ``[K, A]`` logits: encode, then rank."""
        return self.rank(self.encode(batch), candidates)

    def _events(self, batch: PackedBatch, item_TD: Tensor, layout: Layout) -> Tensor:
        """Return ``[T, D]``: items, how long ago and how many events ago they were, and their fields."""
        from_end_T = batch.lengths[layout.user_T] - 1 - layout.position_T
        x_TD = item_TD + self.place(from_end_T * _SECOND)  # a rank on the same logarithmic scale as a gap
        if batch.asked_U is not None:
            x_TD = x_TD + self.since(_between(batch.time_T, batch.asked_U[layout.user_T]))
        if not self.context.silent and len(x_TD):
            x_TD = x_TD + self.context(batch)
        return self._drop(x_TD)

    def _about(self, batch: PackedBatch) -> Tensor:
        """Return ``[U, D]``: how long the history is, and when the request comes."""
        about_UD: Tensor = self.count(batch.lengths * _SECOND)
        if self.asked is not None and batch.asked_U is not None:
            about_UD = about_UD + self.asked(batch.asked_U)
        return about_UD

    def _asked_items(self, item_K: Tensor, state_KD: Tensor) -> Tensor:
        fuse = self.fuse
        if fuse is None:
            return self.items(item_K)  # type: ignore[no-any-return]
        vector_KD: Tensor = self.items(item_K, lambda values, present: fuse(values, present, state_KD))
        return vector_KD

    def _drop(self, x_TD: Tensor) -> Tensor:
        return dropout(x_TD, self.config.embedding_dropout, training=self.training)


def _stack(config: RankerConfig) -> Stack:
    blocks = [
        Block(SelfAttention(config.width, heads=config.heads), expansion=2, dropout=config.dropout)
        for _ in range(config.blocks)
    ]
    return Stack(blocks)


def _between(early_T: Tensor, late_T: Tensor) -> Tensor:
    """Return ``[T]`` microseconds, -1 where one of the times is not known."""
    known_T = (early_T != NO_TIME) & (late_T != NO_TIME)
    return torch.where(known_T, (late_T - early_T).clamp(min=0), -1)
