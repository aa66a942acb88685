"""ItemMemory: a sparse linear memory of which item goes with which, beside what attention learned.

Each of C frequent items has K neighbours with a signed weight; a history adds up the neighbours of its
distinct items, recent ones more where that is asked for. Wide and deep together beat either alone (Cheng
et al., "Wide & Deep Learning for Recommender Systems", 2016), above all on small data. It knows no time,
nor how the weights were found.

Shape letters: U users, T events, C items that have neighbours, K neighbours, V items.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from regard.data.packing import PackedBatch

__all__ = ["ItemMemory"]

_UNHEARD = 1e-7  # an event that counts less is lost in the rounding of the latest one's weight
_TERMS_AT_ONCE = 32_768  # so many places and weights of neighbours stay in the processor's nearest cache


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMemory:
    """Neighbours of the frequent items.

    Parameters
    ----------
    item_C
        ``[C]`` int64 numbers of the items that have neighbours, ascending.
    neighbour_CK
        ``[C, K]`` int64 places (0 to C - 1) of their neighbours.
    weight_CK
        ``[C, K]`` float32.

    Examples
    --------
    >>> from regard.data.histories import Histories
    >>> memory = ItemMemory(
    ...     item_C=torch.tensor([2, 5]),
    ...     neighbour_CK=torch.tensor([[1], [0]]),
    ...     weight_CK=torch.tensor([[0.5], [0.25]]),
    ... )
    >>> sums = memory.sums(PackedBatch.of(Histories.of([[2, 2], [7]])), decay=1.0)
    >>> memory.scores(sums, 0, 6)
    tensor([[0.0000, 0.0000, 0.0000, 0.0000, 0.0000, 0.5000],
            [0.0000, 0.0000, 0.0000, 0.0000, 0.0000, 0.0000]])
    """

    item_C: Tensor
    neighbour_CK: Tensor
    weight_CK: Tensor

    def sums(self, batch: PackedBatch, *, decay: float) -> Tensor:
        """Return ``[U, C]``: for each history the summed weights of the neighbours of its items.

        An item that last occurred n events before the latest event counts ``decay ** n``.
        """
        users, size = batch.num_users, len(self.item_C)
        sums = torch.zeros(users, size)
        if size == 0 or batch.num_events == 0:
            return sums
        late = _latest(batch, _heard(decay))
        items = self.item_C.numpy()
        place_S = np.minimum(np.searchsorted(items, late.item_S), size - 1)
        known = np.flatnonzero(items[place_S] == late.item_S)
        pairs, which = np.unique((late.row_S * size + place_S)[known], return_index=True)
        count = torch.from_numpy(np.power(np.float32(decay), late.ago_S[known[which]].astype(np.float32)))
        place = torch.from_numpy(pairs % size)
        first = torch.from_numpy(pairs) - place
        step = max(1, _TERMS_AT_ONCE // max(1, self.neighbour_CK.shape[1]))
        for at in range(0, len(pairs), step):
            some = slice(at, at + step)
            slots = self.neighbour_CK.index_select(0, place[some]).add_(first[some, None])
            terms = self.weight_CK.index_select(0, place[some]).mul_(count[some, None])
            sums.view(-1).scatter_add_(0, slots.view(-1), terms.view(-1))
        return sums

    def sums_without_each(self, batch: PackedBatch, *, decay: float) -> Tensor:
        """Return ``[E, C]``: the sums of one history of E events without event 0, 1, ..., as `sums` has them.

        The neighbours of each item are spread out once, and added up by one product of matrices.
        """
        assert batch.num_users == 1
        item_E = batch.item_T.cpu().numpy()
        distinct, place_E = np.unique(item_E, return_inverse=True)
        spread = torch.zeros(len(distinct), len(self.item_C))
        if spread.numel():
            place_N = np.minimum(np.searchsorted(self.item_C.numpy(), distinct), len(self.item_C) - 1)
            known = torch.from_numpy(np.flatnonzero(self.item_C.numpy()[place_N] == distinct))
            place = torch.from_numpy(place_N)[known]
            own = torch.zeros(len(known), len(self.item_C))
            spread[known] = own.scatter_add_(1, self.neighbour_CK[place], self.weight_CK[place])
        return torch.from_numpy(_counts_without(place_E, len(distinct), decay=decay)) @ spread

    def scores(self, sums_UC: Tensor, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` sums of the items `start` to `stop`; zero for those without."""
        first, last = torch.searchsorted(self.item_C, torch.tensor([start, stop])).tolist()
        if last - first == stop - start:
            return sums_UC[:, first:last]
        scores = torch.zeros(len(sums_UC), stop - start)
        scores[:, self.item_C[first:last] - start] = sums_UC[:, first:last]
        return scores

    def add_to(self, scores_BU: Tensor, sums_UC: Tensor, start: int, stop: int, *, weight: float) -> None:
        """Add `weight` times the sums of the items `start` to `stop` to scores that have items first."""
        first, last = np.searchsorted(self.item_C.numpy(), [start, stop]).tolist()
        sums_CU = sums_UC[:, first:last].T.to(scores_BU.device)
        if last - first == stop - start:
            scores_BU.add_(sums_CU, alpha=weight)
        else:
            places_C = (self.item_C[first:last] - start).to(scores_BU.device)
            scores_BU.index_add_(0, places_C, sums_CU, alpha=weight)

    def scores_at(self, sums_UC: Tensor, row_S: Tensor, item_S: Tensor) -> Tensor:
        """Return ``[S]`` sums for pairs of a row and an item; zero for items without neighbours."""
        if len(self.item_C) == 0:
            return torch.zeros(len(item_S))
        place_S = torch.searchsorted(self.item_C, item_S).clamp(max=len(self.item_C) - 1)
        known_S = self.item_C.index_select(0, place_S) == item_S
        return sums_UC.take(row_S * len(self.item_C) + place_S) * known_S

    def scores_of(self, sums_UC: Tensor, item_K: Tensor) -> Tensor:
        """Return ``[U, K]`` sums of the same K items for all histories; zero for those without."""
        if len(self.item_C) == 0:
            return torch.zeros(len(sums_UC), len(item_K))
        place_K = torch.searchsorted(self.item_C, item_K).clamp(max=len(self.item_C) - 1)
        return sums_UC[:, place_K] * (self.item_C[place_K] == item_K)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Latest:
    """Items of the latest events of each history, newest first, with row and number of events since."""

    row_S: np.ndarray
    ago_S: np.ndarray
    item_S: np.ndarray


def _latest(batch: PackedBatch, most: int) -> _Latest:
    offsets, item_T = batch.offsets.cpu().numpy(), batch.item_T.cpu().numpy()
    if len(offsets) == 2:
        item_S = item_T[::-1][:most]
        return _Latest(row_S=np.zeros(1, dtype=np.int64), ago_S=np.arange(len(item_S)), item_S=item_S)
    counts = np.minimum(np.diff(offsets), most)
    row_S = np.repeat(np.arange(len(counts)), counts)
    ago_S = np.arange(len(row_S)) - (np.cumsum(counts) - counts)[row_S]
    return _Latest(row_S=row_S, ago_S=ago_S, item_S=item_T[offsets[1:][row_S] - 1 - ago_S])


def _counts_without(place_E: np.ndarray, distinct: int, *, decay: float) -> np.ndarray:
    """Return ``[E, N]`` float32: what each distinct item counts where event 0, 1, ... is left out."""
    events, heard = len(place_E), _heard(decay)
    last_N, before_N = np.full(distinct, -1), np.full(distinct, -1)
    for event, place in enumerate(place_E):
        before_N[place], last_N[place] = last_N[place], event
    hole = np.arange(events)[:, None]
    # Where the last event of an item is left out, the one before it counts
    event_EN = np.where(last_N == hole, before_N, last_N)
    ago_EN = events - 1 - event_EN - (event_EN < hole)
    counted = (event_EN >= 0) & (ago_EN < heard)
    ago = np.where(counted, ago_EN, 0).astype(np.float32)
    return np.where(counted, np.power(np.float32(decay), ago), np.float32(0)).astype(np.float32)


def _heard(decay: float) -> int:
    """Return how many of the latest events count more than what is lost in rounding."""
    if decay >= 1.0:
        return np.iinfo(np.int64).max
    return 1 + int(math.log(_UNHEARD) / math.log(decay)) if decay > 0 else 1
