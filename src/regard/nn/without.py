"""Without each: what a causal stack of two blocks says after the last event, for each event left out in turn.

Leaving event j out changes nothing before it, and moves every later event one place forward. So E shortened
histories have only three tokens for an event: at its own place, one place earlier, and one place earlier with
event j just before it missing. Queries, keys and values of the first block are made once for these instead of
once for each history; what an event sees, with some of its keys left out, is a sum of what it sees before the
hole and after it, and these sums are carried on from one history to the next. Later events alone go through
the first feed-forward network, and the second block reads them without a projection of each.

It is exact up to the rounding of float32, and costs about a third of E histories. Where weights are so peaked
that sums vanish, it gives up, as it does for what it cannot do: the caller then takes the long way.

Shape letters: E events of the history, S = E (E - 1) / 2 later events of all shortened histories, N heads, H
head width, D width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from regard.nn.attention import Attention
from regard.nn.block import Block
from regard.nn.plan import AttentionPlan
from regard.nn.smooth import mean_of_latest
from regard.nn.stack import Stack

__all__ = ["Tokens", "last_without_each"]

_VANISHED = 1e-25
_AT_ONCE = 4_096  # later events whose hidden layer stays in the processor's cache
_HISTORIES = 32  # shortened histories whose later events do


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a stack reads of one history and of it with an event left out.

    Parameters
    ----------
    own_ED
        ``[E, D]`` each event at its own place.
    moved_ED
        ``[E, D]`` each one place earlier; the first two are not read.
    next_ED
        ``[E - 1, D]`` row j: event j + 1 where event j is left out.
    """

    own_ED: Tensor
    moved_ED: Tensor
    next_ED: Tensor


def last_without_each(stack: Stack, tokens: Tokens, plan: AttentionPlan) -> Tensor | None:
    """Return ``[E, D]`` outputs for the last event without event 0, 1, ...; None where this way does not go.

    Parameters
    ----------
    stack
        Not in training mode.
    tokens
        Of a history of at least two events.
    plan
        Of the whole history.
    """
    if len(stack.blocks) != 2 or not plan.causal or len(tokens.own_ED) < 2 or stack.training:
        return None
    first, last = stack.blocks
    assert isinstance(first, Block)
    assert isinstance(last, Block)
    if first.attention.rotate is not None or last.attention.rotate is not None:
        return None
    seen_SD = _first_attention(first, tokens)
    if seen_SD is None:
        return None
    later = _Later.of(len(tokens.own_ED), tokens.own_ED.device)
    both_D, near = torch.cat([tokens.moved_ED, tokens.next_ED]), _Near.of(first, tokens)
    pieces = [slice(start, start + _AT_ONCE) for start in range(0, len(seen_SD), _AT_ONCE)]
    later_SD = torch.cat(
        [
            first.after(
                both_D.index_select(0, later.token_S[piece]),
                seen_SD[piece],
                low_TD=None if near is None else near.low(later.history_S[piece], later.event_S[piece]),
            )
            for piece in pieces
        ]
    )
    return stack.norm(_last(last, first(tokens.own_ED, plan), later_SD, later))  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Later:
    """The later events of the shortened histories, one history after the other.

    `history_S`: which event is left out, `event_S`: which one it is. `token_S`: which row of the moved
    tokens, or E and more: which next one. `end_J`: the last one of each history but the last, which has none.
    """

    history_S: Tensor
    event_S: Tensor
    token_S: Tensor
    end_J: Tensor

    @classmethod
    def of(cls, events: int, device: torch.device) -> _Later:
        history_S, event_S = torch.triu_indices(events, events, offset=1, device=device).unbind(0)
        token_S = torch.where(event_S == history_S + 1, events + history_S, event_S)
        end_J = torch.arange(events - 1, 0, -1, device=device).cumsum(0) - 1
        return cls(history_S=history_S, event_S=event_S, token_S=token_S, end_J=end_J)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Near:
    """What the local filter of the first block reads: own, moved and next tokens, one after the other."""

    read_RD: Tensor
    events: int

    @classmethod
    def of(cls, block: Block, tokens: Tokens) -> _Near | None:
        if block.local is None:
            return None
        rows_RD = torch.cat([tokens.own_ED, tokens.moved_ED, tokens.next_ED])
        return cls(read_RD=block.norm_attention(rows_RD), events=len(tokens.own_ED))

    def low(self, history_S: Tensor, event_S: Tensor) -> Tensor:
        """Return ``[S, D]`` the low frequencies at later events, each in the history without one event."""

        def row_of(place_S: Tensor) -> Tensor:
            after_S = torch.where(
                place_S == history_S, 2 * self.events + history_S, self.events + place_S + 1
            )
            return torch.where(place_S < history_S, place_S, after_S)

        return mean_of_latest(self.read_RD, row_of, event_S - 1)


def _first_attention(block: Block, tokens: Tokens) -> Tensor | None:
    """Return ``[S, D]`` what the first attention gives the later events, before it is projected."""
    attention, events = block.attention, len(tokens.own_ED)
    rows = torch.cat([tokens.own_ED, tokens.moved_ED, tokens.next_ED])
    q, k, v = _heads(attention, block.norm_attention(rows))
    q = q * q.shape[-1] ** -0.5
    own, moved, after = slice(events), slice(events, 2 * events), slice(2 * events, None)
    place = torch.arange(events, device=q.device)
    before = place[None, :] < place[:-1, None]
    # The next event sees what lies before the hole, and itself
    score_NJE = _scores(q[after], k[own]).masked_fill(~before, -torch.inf)
    itself_NJ = torch.einsum("jnh,jnh->nj", q[after], k[after])
    weight = torch.softmax(torch.cat([score_NJE, itself_NJ[..., None]], dim=-1), dim=-1)
    next_JNH = (
        torch.einsum("nje,enh->jnh", weight[..., :-1], v[own]) + weight[..., -1].T[..., None] * v[after]
    )
    # Others see some events before the hole, the next one, and some after that
    score = torch.cat([_scores(q[moved], k[part]) for part in (own, moved, after)], dim=-1)
    allowed = torch.cat([place < place[:, None], (place >= 2) & (place <= place[:, None])], dim=1)
    allowed = torch.cat([allowed, place[:-1] <= place[:, None] - 2], dim=1)
    score = score.masked_fill(~allowed, -torch.inf)
    highest = score.amax(dim=-1, keepdim=True).clamp(min=torch.finfo(score.dtype).min)
    # [3 E - 1, E, N, 1]: key by query, so that one step reads what lies together
    weight = (score - highest).exp().permute(2, 1, 0).contiguous()[..., None]
    return _carried(weight, F.pad(v, (0, 1), value=1.0), next_JNH)


def _carried(weight: Tensor, v: Tensor, next_JNH: Tensor) -> Tensor | None:
    """Sum weighted values around each hole; the last column of the values is one and sums the weights."""
    events = weight.shape[1]
    total = events * (events - 1) // 2
    out = weight.new_zeros(total, *v.shape[1:])
    start = [0]
    for hole in range(events - 1):
        start.append(start[-1] + events - 1 - hole)
    after = weight.new_zeros(events, *v.shape[1:])
    for hole in range(events - 3, -1, -1):
        key = events + hole + 2
        after[hole + 2 :].addcmul_(weight[key, hole + 2 :], v[key])
        out[start[hole] + 1 : start[hole + 1]] = after[hole + 2 :]
    before = weight.new_zeros(events, *v.shape[1:])
    for hole in range(events - 2):
        key, others = 2 * events + hole, out[start[hole] + 1 : start[hole + 1]]
        others.add_(before[hole + 2 :]).addcmul_(weight[key, hole + 2 :], v[key])
        before[hole + 2 :].addcmul_(weight[hole, hole + 2 :], v[hole])
    sums = out[..., -1:]
    first = torch.tensor(start[:-1], device=out.device)
    sums[first] = 1.0
    if not bool((sums > _VANISHED).all()):
        return None
    seen = out[..., :-1] / sums
    seen[first] = next_JNH
    return seen.flatten(1)


def _last(block: Block, own_ED: Tensor, later_SD: Tensor, later: _Later) -> Tensor:
    """Return ``[E, D]``: the last event of each shortened history, which sees the rest of it."""
    attention, (events, width) = block.attention, own_ED.shape
    last_JD = torch.cat([later_SD[later.end_J], own_ED[-2:-1]])
    asked_JND = attention.through_keys(attention.queries(block.norm_attention(last_JD))) * width**-0.5
    place = torch.arange(events, device=own_ED.device)
    seen_ED, seen_SD = block.norm_attention(own_ED), block.norm_attention(later_SD)
    mixed, done = [], 0
    for first in range(0, events, _HISTORIES):
        some, later_F = slice(first, first + _HISTORIES), place[first + 1 :]
        # Later events stand in the upper triangle of a square of histories by events
        hole_J1 = place[some, None]
        square_JFD = own_ED.new_zeros(len(hole_J1), len(later_F), width)
        is_later_JF = later_F > hole_J1
        stop = done + int(is_later_JF.sum())
        square_JFD[is_later_JF], done = seen_SD[done:stop], stop
        before_JNE = (asked_JND[some] @ seen_ED.T).masked_fill((place >= hole_J1)[:, None], -torch.inf)
        after_JNF = torch.bmm(asked_JND[some], square_JFD.transpose(1, 2))
        after_JNF = after_JNF.masked_fill(~is_later_JF[:, None], -torch.inf)
        weight = torch.softmax(torch.cat([before_JNE, after_JNF], dim=-1), dim=-1)
        mixed.append(weight[..., :events] @ seen_ED + torch.bmm(weight[..., events:], square_JFD))
    low_JD = None if block.local is None else _last_low(seen_ED, seen_SD)
    return block.after(last_JD, attention.through_values(torch.cat(mixed)), low_TD=low_JD)


def _last_low(seen_ED: Tensor, seen_SD: Tensor) -> Tensor:
    """Return ``[E, D]`` the low frequencies at the last event of each shortened history."""
    events = len(seen_ED)
    hole_J = torch.arange(events, device=seen_ED.device)
    start_J = events + hole_J * (events - 1) - hole_J * (hole_J - 1) // 2  # of its later events

    def row_of(place_J: Tensor) -> Tensor:
        return torch.where(place_J < hole_J, place_J, start_J + place_J - hole_J)

    return mean_of_latest(torch.cat([seen_ED, seen_SD]), row_of, torch.full_like(hole_J, events - 2))


def _heads(attention: Attention, x_TD: Tensor) -> tuple[Tensor, ...]:
    """Return ``[T, N, H]`` queries, keys and values."""
    made = attention.project_in(x_TD).view(len(x_TD), 3, attention.heads, -1)
    return made.unbind(1)  # type: ignore[no-any-return]


def _scores(q_TNH: Tensor, k_SNH: Tensor) -> Tensor:
    return torch.einsum("tnh,snh->nts", q_TNH, k_SNH)
