"""Interest: what of a history matters to a candidate, by one of two weightings of the same scores.

Candidates and events are projected to N heads, and every head gives every pair a score: a dot product, and
what either says by itself. What differs is how scores become weights:

- ``"cross"``: multi-head cross-attention (Vaswani et al., 2017): a softmax in each head. One more place,
  which has no event, may take weight too: a history that has nothing for a candidate, or is empty, adds
  little.
- ``"din"``: the activation unit of the Deep Interest Network (Zhou et al., KDD 2018): the scores are
  the hidden layer of a small network that gives one weight, without a softmax, so that many events that
  matter weigh more than one. Notable choice: the sum is divided by the root of the number of events, so that
  long histories do not drown the rest.

The projections of the history are made once (`Interest.look`), whatever number of candidates follows. Where a
history has more than `select` events, each candidate first selects those whose items are nearest to it, as in
SIM (Pi et al., CIKM 2020) and ETA (Chen et al., 2021); below that nothing is left out.

Shape letters: T events, U histories, S places of the longest history, C most candidates of a history, N
heads, E width of a head, F = E + 2, D width, M selected events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from regard.nn.plan import Layout

__all__ = ["Interest", "InterestKind", "Looked"]

_NEVER = -1e30  # a score without weight, and without NaN where there is no other
InterestKind = Literal["cross", "din"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """U histories, ready to be looked at.

    Parameters
    ----------
    key_UNSF
        ``[U, N, S, E + 2]`` what scores are made with: beside the key, 1 for what a candidate says by itself,
        and what the event says by itself, so low where there is none that it has no weight. The last place of
        ``"cross"`` is that of no event.
    value_UNSE
        ``[U, N, S, E]``, or ``[U, 1, S, D]`` for ``"din"``: what is added up.
    share_U
        ``[U]`` what the sum is multiplied by.
    item_USD
        ``[U, S, D]`` vectors of the events' items, for selecting; without the last place.
    seen_US
        ``[U, S]`` bool: where there is an event, likewise.
    """

    key_UNSF: Tensor
    value_UNSE: Tensor
    share_U: Tensor
    item_USD: Tensor
    seen_US: Tensor


class Interest(nn.Module):
    """Pools the events of a history for each candidate.

    Parameters
    ----------
    width
        D, divisible by `heads`.
    kind
        ``"cross"`` or ``"din"``.
    heads
        N; for ``"din"`` the hidden units of the activation unit.
    select
        M: of longer histories each candidate looks at this many events.

    Examples
    --------
    >>> interest, layout = Interest(8, kind="din", heads=2), Layout.of(torch.tensor([0, 3, 3]))
    >>> looked = interest.look(torch.randn(3, 8), torch.randn(3, 8), layout)
    >>> interest(torch.randn(2, 5, 8), looked).shape
    torch.Size([2, 5, 8])
    """

    def __init__(self, width: int, *, kind: InterestKind, heads: int = 4, select: int = 256) -> None:
        super().__init__()
        assert width % heads == 0
        self.kind, self.heads, self.select = kind, heads, select
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.query_level = nn.Linear(width, heads)
        self.key_level = nn.Linear(width, heads)
        with torch.no_grad():  # to begin with, events like the candidate matter
            self.key.weight.copy_(self.query.weight)
        if kind == "din":
            self.unit_N = nn.Parameter(torch.randn(heads) * heads**-0.5)
        else:
            self.nothing_N = nn.Parameter(torch.zeros(heads))

    def look(self, x_TD: Tensor, item_TD: Tensor, layout: Layout) -> Looked:
        """Project the events of histories, for any number of candidates to come.

        Parameters
        ----------
        x_TD, item_TD
            ``[T, D]`` vectors of the events, and of their items alone.
        layout
            Where each event stands.
        """
        x_USD = layout.pad(x_TD)
        lengths_U = layout.offsets.diff()
        seen_US = torch.arange(layout.longest, device=x_TD.device) < lengths_U[:, None]
        key_UNSE = self._heads(self.key(x_USD), self.heads)
        level_UNS = self.key_level(x_USD).transpose(1, 2).masked_fill(~seen_US[:, None], _NEVER)
        key_UNSF = torch.cat([key_UNSE, torch.ones_like(level_UNS)[..., None], level_UNS[..., None]], dim=3)
        value_UNSE = self._heads(self.value(x_USD), 1 if self.kind == "din" else self.heads)
        share_U = torch.ones_like(lengths_U, dtype=x_TD.dtype)
        if self.kind == "din":
            share_U = lengths_U.clamp(min=1).to(x_TD.dtype).rsqrt()
        else:
            nothing_UN1F = F.pad(self.nothing_N[:, None, None], (key_UNSF.shape[3] - 1, 0))
            key_UNSF = torch.cat([key_UNSF, nothing_UN1F.expand(len(x_USD), -1, -1, -1)], dim=2)
            value_UNSE = F.pad(value_UNSE, (0, 0, 0, 1))
        return Looked(
            key_UNSF=key_UNSF,
            value_UNSE=value_UNSE,
            share_U=share_U,
            item_USD=layout.pad(item_TD),
            seen_US=seen_US,
        )

    def forward(self, q_UCD: Tensor, looked: Looked) -> Tensor:
        """Return ``[U, C, D]``: for each candidate what its history has for it.

        The result of a candidate does not depend on the others.
        """
        query_UNCE = self._heads(self.query(q_UCD), self.heads)
        query_UNCE = query_UNCE * query_UNCE.shape[-1] ** -0.5
        level_UNC1 = self.query_level(q_UCD).transpose(1, 2)[..., None]
        query_UNCF = torch.cat([query_UNCE, level_UNC1, torch.ones_like(level_UNC1)], dim=3)
        share_U = looked.share_U
        if looked.item_USD.shape[1] <= self.select:
            weight_UNCS = self._weights(query_UNCF @ looked.key_UNSF.transpose(2, 3))
            y_UNCE = weight_UNCS @ looked.value_UNSE
        else:
            place_UCM = self._nearest(q_UCD, looked)
            key_UNCMF, value_UNCME = (
                _gather(every, place_UCM) for every in (looked.key_UNSF, looked.value_UNSE)
            )
            weight_UNCM = self._weights((key_UNCMF @ query_UNCF[..., None])[..., 0])
            y_UNCE = (weight_UNCM[..., None, :] @ value_UNCME)[..., 0, :]
            if self.kind == "din":
                share_U = share_U.clamp(min=self.select**-0.5)
        y_UCD = y_UNCE.transpose(1, 2).reshape(q_UCD.shape) * share_U[:, None, None]
        pooled_UCD: Tensor = self.out(y_UCD)
        return pooled_UCD

    def _weights(self, score_UNCS: Tensor) -> Tensor:
        """Return ``[U, N, C, S]`` weights, or ``[U, 1, C, S]`` where all heads give one."""
        if self.kind == "cross":
            return torch.softmax(score_UNCS, dim=-1)
        users, heads, *shape = score_UNCS.shape
        hidden_UNX = torch.relu(score_UNCS).view(users, heads, -1)
        return (self.unit_N.expand(users, 1, -1) @ hidden_UNX).view(users, 1, *shape)

    def _nearest(self, q_UCD: Tensor, looked: Looked) -> Tensor:
        """Return ``[U, C, M]`` places of the events whose items are nearest to each candidate."""
        near_UCS = q_UCD.detach() @ looked.item_USD.detach().transpose(1, 2)
        near_UCS = near_UCS.masked_fill(~looked.seen_US[:, None], float("-inf"))
        place_UCM = near_UCS.topk(self.select, dim=-1, sorted=False).indices
        if self.kind == "cross":  # the place of no event may always be chosen
            place_UCM = F.pad(place_UCM, (0, 1), value=looked.item_USD.shape[1])
        return place_UCM

    def _heads(self, x_USD: Tensor, heads: int) -> Tensor:
        users, length, width = x_USD.shape
        return x_USD.view(users, length, heads, width // heads).transpose(1, 2)


def _gather(every_UNSE: Tensor, place_UCM: Tensor) -> Tensor:
    """Return ``[U, N, C, M, E]``: the chosen events of each candidate."""
    user_U11 = torch.arange(len(place_UCM), device=place_UCM.device)[:, None, None]
    return every_UNSE.transpose(1, 2)[user_U11, place_UCM].permute(0, 3, 1, 2, 4)
