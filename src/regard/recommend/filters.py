"""Which items may be recommended to whom, applied to the scores of one block of the catalogue.

`Allowed` is a conjunction: an item must be known to the scorer, wanted by the caller (`only`,
`exclude`) and, if asked, not yet seen by the user. Masks are ``[V]`` and shared by all users; what a user
has seen is ragged and kept sorted by item, so that a block of the catalogue finds its part by two binary
searches and no ``[U, V]`` mask ever exists. It does not know how the scores came about.

Shape letters: U users, V items, B items of a block, S pairs of a user and a seen item.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from regard.data.histories import Histories
from regard.data.target import Targets

__all__ = ["Allowed"]


def _no_pairs() -> np.ndarray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The items that may be recommended to the U users of a batch.

    Parameters
    ----------
    known_V
        ``[V]`` bool: items that the scorer was trained on.
    only_V
        ``[V]`` bool: recommend only these; None for no such wish.
    exclude_V
        ``[V]`` bool: recommend none of these; None for no such wish.
    seen_item_S, seen_row_S
        ``[S]`` int64: pairs of an item and the row of the batch that has seen it, sorted by item.

    Examples
    --------
    >>> allowed = Allowed(known_V=np.array([True, True, False]))
    >>> allowed.without_seen(Histories.of([[0], []])).apply(torch.zeros(2, 3), start=0)
    tensor([[-inf, 0., -inf],
            [0., 0., -inf]])
    """

    known_V: np.ndarray
    only_V: np.ndarray | None = None
    exclude_V: np.ndarray | None = None
    seen_item_S: np.ndarray = field(default_factory=_no_pairs)
    seen_row_S: np.ndarray = field(default_factory=_no_pairs)

    def __post_init__(self) -> None:
        for mask in (self.known_V, self.only_V, self.exclude_V):
            assert mask is None or (mask.dtype == np.bool_ and mask.shape == self.known_V.shape)
        assert len(self.seen_item_S) == len(self.seen_row_S)

    def block(self, start: int, stop: int) -> np.ndarray:
        """Return ``[B]`` bool: which items `start` to `stop` a user who has seen nothing may get."""
        mask = self.known_V[start:stop]
        if self.only_V is not None:
            mask = mask & self.only_V[start:stop]
        if self.exclude_V is not None:
            mask = mask & ~self.exclude_V[start:stop]
        return mask

    def allows(self, row_S: np.ndarray, item_S: np.ndarray) -> np.ndarray:
        """Return ``[S]`` bool: whether each item may be recommended to the user of its row."""
        mask: np.ndarray = self.known_V[item_S]
        if self.only_V is not None:
            mask &= self.only_V[item_S]
        if self.exclude_V is not None:
            mask &= ~self.exclude_V[item_S]
        if len(self.seen_item_S):
            size = len(self.known_V)
            mask &= ~np.isin(row_S * size + item_S, self.seen_row_S * size + self.seen_item_S)
        return mask

    def without_seen(self, histories: Histories, targets: Targets | None = None) -> Allowed:
        """Return the same wishes without the items of `histories`, whose row u is row u of the batch.

        With `targets`, only events of the types that it counts as having had an item make it seen.
        """
        events, rows = histories.events(), histories.rows()
        if targets is not None:
            had = targets.had(histories, events)
            events, rows = events[had], rows[had]
        items = histories.item[events].astype(np.int64)
        order = np.argsort(items)
        return replace(self, seen_item_S=items[order], seen_row_S=rows[order])

    def apply(self, scores_UB: Tensor, *, start: int) -> Tensor:
        """Return a copy of the scores with -inf for every item that may not be recommended.

        Parameters
        ----------
        scores_UB
            ``[U, B]`` scores of the items `start` to ``start + B``. A score that is not a number counts
            as "may not be recommended".
        start
            Number of the first item of the block.
        """
        stop = start + scores_UB.shape[1]
        kept = torch.nan_to_num(scores_UB.float(), nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf)
        allowed = self.block(start, stop)
        if not allowed.all():
            kept.masked_fill_(torch.from_numpy(~allowed).to(kept.device), -torch.inf)
        first, last = np.searchsorted(self.seen_item_S, [start, stop])
        rows = torch.from_numpy(self.seen_row_S[first:last]).to(kept.device)
        columns = torch.from_numpy(self.seen_item_S[first:last] - start).to(kept.device)
        kept[rows, columns] = -torch.inf
        return kept

    def hide(self, scores_BU: Tensor, *, start: int) -> None:
        """Set the score of every item that may not be recommended to -inf, in place; items come first.

        Parameters
        ----------
        scores_BU
            ``[B, U]`` scores of the items `start` to ``start + B``, none of them NaN.
        start
            Number of the first item of the block.
        """
        stop = start + len(scores_BU)
        allowed = self.block(start, stop)
        if not allowed.all():
            scores_BU[torch.from_numpy(np.flatnonzero(~allowed)).to(scores_BU.device)] = -torch.inf
        first, last = np.searchsorted(self.seen_item_S, [start, stop])
        if first < last:
            items = torch.from_numpy(self.seen_item_S[first:last] - start).to(scores_BU.device)
            rows = torch.from_numpy(self.seen_row_S[first:last]).to(scores_BU.device)
            scores_BU[items, rows] = -torch.inf
