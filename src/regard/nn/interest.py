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

Shape letters: T events, U histories, S longest history, C most candidates of a history, N heads, E width of a
head, D width, M selected events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from regard.nn.plan import Layout

__all__ = ["Interest", "InterestKind", "Looked"]

InterestKind = Literal["cross", "din"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """U histories, ready to be looked at.

    Parameters
    ----------
    key_UNSE
        ``[U, N, S, E]`` what scores are made with.
    value_UNSE
        ``[U, N, S, E]``, or ``[U, 1, S, D]`` for ``"din"``: what is added up.
    level_UNS
        ``[U, N, S]`` what an event says by itself.
    seen_US
        ``[U, S]`` bool: where there is an event.
    item_USD
        ``[U, S, D]`` vectors of the events' items, for selecting.
    """

    key_UNSE: Tensor
    value_UNSE: Tensor
    level_UNS: Tensor
    seen_US: Tensor
    item_USD: Tensor


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
        place_S = torch.arange(layout.longest, device=x_TD.device)
        heads = 1 if self.kind == "din" else self.heads
        return Looked(
            key_UNSE=self._heads(self.key(x_USD), self.heads),
            value_UNSE=self._heads(self.value(x_USD), heads),
            level_UNS=self.key_level(x_USD).transpose(1, 2),
            seen_US=place_S < lengths_U[:, None],
            item_USD=layout.pad(item_TD),
        )

    def forward(self, q_UCD: Tensor, looked: Looked) -> Tensor:
        """Return ``[U, C, D]``: for each candidate what its history has for it.

        The result of a candidate does not depend on the others.
        """
        query_UNCE = self._heads(self.query(q_UCD), self.heads)
        level_UNC1 = self.query_level(q_UCD).transpose(1, 2)[..., None]
        scale = query_UNCE.shape[-1] ** -0.5
        if looked.key_UNSE.shape[2] <= self.select:
            score_UNCS = (query_UNCE * scale) @ looked.key_UNSE.transpose(2, 3)
            score_UNCS = score_UNCS + (level_UNC1 + looked.level_UNS[:, :, None])
            weight_UNCS = self._weights(score_UNCS, looked.seen_US[:, None, None])
            y_UNCE = weight_UNCS @ looked.value_UNSE
        else:
            place_UCM = self._nearest(q_UCD, looked)
            key_UNCME, value_UNCME = (
                _gather(every, place_UCM) for every in (looked.key_UNSE, looked.value_UNSE)
            )
            score_UNCM = (key_UNCME @ (query_UNCE * scale)[..., None])[..., 0]
            score_UNCM = score_UNCM + (level_UNC1 + _gather(looked.level_UNS[..., None], place_UCM)[..., 0])
            seen_U1CM = _gather(looked.seen_US[:, None, :, None], place_UCM)[..., 0]
            weight_UNCM = self._weights(score_UNCM, seen_U1CM)
            y_UNCE = (weight_UNCM[..., None, :] @ value_UNCME)[..., 0, :]
        y_UCD: Tensor = self.out(y_UNCE.transpose(1, 2).reshape(q_UCD.shape))
        return y_UCD

    def _weights(self, score_UNCS: Tensor, seen_UNCS: Tensor) -> Tensor:
        """Return ``[U, N, C, S]`` weights, or ``[U, 1, C, S]`` where all heads give one."""
        if self.kind == "din":
            hidden = torch.relu(score_UNCS)
            weight_U1CS = torch.einsum("uncs,n->ucs", hidden, self.unit_N)[:, None] * seen_UNCS
            return weight_U1CS * seen_UNCS.sum(-1, keepdim=True).clamp(min=1).rsqrt()
        score_UNCS = score_UNCS.masked_fill(~seen_UNCS, float("-inf"))
        nothing = self.nothing_N[:, None, None].expand(*score_UNCS.shape[:3], 1)
        return torch.softmax(torch.cat([score_UNCS, nothing], dim=-1), dim=-1)[..., :-1]

    def _nearest(self, q_UCD: Tensor, looked: Looked) -> Tensor:
        """Return ``[U, C, M]`` places of the events whose items are nearest to each candidate."""
        near_UCS = q_UCD.detach() @ looked.item_USD.detach().transpose(1, 2)
        near_UCS = near_UCS.masked_fill(~looked.seen_US[:, None], float("-inf"))
        return near_UCS.topk(self.select, dim=-1, sorted=False).indices

    def _heads(self, x_USD: Tensor, heads: int) -> Tensor:
        users, length, width = x_USD.shape
        return x_USD.view(users, length, heads, width // heads).transpose(1, 2)


def _gather(every_UNSE: Tensor, place_UCM: Tensor) -> Tensor:
    """Return ``[U, N, C, M, E]``: the chosen events of each candidate."""
    user_U11 = torch.arange(len(place_UCM), device=place_UCM.device)[:, None, None]
    return every_UNSE.transpose(1, 2)[user_U11, place_UCM].permute(0, 3, 1, 2, 4)
