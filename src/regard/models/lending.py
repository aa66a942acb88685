"""Lending: an item that nobody has had yet speaks in the item memory as the items most like it do.

A memory knows items by who had them, so a new item has no weight in it, and where the memory speaks loudly
a new item is never heard. It is therefore lent the mean weights of its nearest items with a history: near by
the vectors that the encoder makes of attributes alone, weighed by their cosine. What is lent is taken back
when items get other attributes or a history.

To estimate what is not known of an item from those most like it is old (Schein et al., "Methods and Metrics
for Cold-Start Recommendations", SIGIR 2002); here the likeness is one that histories taught.

Shape letters: C items of the memory, K neighbours, L items that are lent to, N nearest, D width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from regard.models.blend import Blend
from regard.models.items import ID_FIELD, ItemEncoder
from regard.models.memory import ItemMemory

__all__ = ["lend", "lent"]

_NEAREST = 10
_ROWS = 256


def lent(blend: Blend, items: nn.Module) -> Blend:
    """Return a blend that knows which items are new, and in whose memory these have a say."""
    if not isinstance(items, ItemEncoder):
        return blend
    memory = None if blend.memory is None else lend(blend.memory, items)
    return replace(blend, memory=memory, cold_V=items.cold_V)


@torch.no_grad()
def lend(memory: ItemMemory, items: ItemEncoder, *, nearest: int = _NEAREST) -> ItemMemory:
    """Return the memory with weights for described items without a history.

    Parameters
    ----------
    memory
        What was lent in it before is replaced.
    items
        The encoder of the catalogue, which knows attributes and who has a history.
    nearest
        N, how many items lend to one.

    Examples
    --------
    >>> import numpy as np
    >>> from regard.data.columns import Codes
    >>> from regard.models.items import ItemConfig, ItemFeatures
    >>> colour = Codes(code_R=np.array([2, 3, 2], dtype=np.int32), size=4)
    >>> features = ItemFeatures(columns={"colour": colour}, trained_V=np.array([True, True, False]))
    >>> memory = ItemMemory(
    ...     item_C=torch.tensor([0, 1]),
    ...     neighbour_CK=torch.tensor([[1], [0]]),
    ...     weight_CK=torch.tensor([[0.5], [0.25]]),
    ... )
    >>> lent = lend(memory, ItemEncoder(ItemConfig(), features, 4, scale=0.1).eval(), nearest=1)
    >>> lent.item_C.tolist(), lent.weight_CK[1].tolist()
    ([0, 1, 2], [0.25, 0.25])
    """
    trained_V = items.trained_V.cpu()
    own = _own(memory, trained_V)
    cold_L = items.cold_V.nonzero()[:, 0]
    if len(cold_L) == 0 or len(own.item_C) == 0:
        return own
    loans = _nearest(items, own.item_C, cold_L, nearest)
    return _with_loans(own, cold_L, loans)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loans:
    """``[L, N]`` places of the lenders among the C items, and their weights, which sum to at most one."""

    place_LN: Tensor
    weight_LN: Tensor


def _own(memory: ItemMemory, trained_V: Tensor) -> ItemMemory:
    """Return the memory without what was lent."""
    learned_C = trained_V[memory.item_C]
    if bool(learned_C.all()):
        return memory
    place_C = torch.cumsum(learned_C, 0) - 1
    neighbour, weight = memory.neighbour_CK[learned_C], memory.weight_CK[learned_C]
    weight = weight * learned_C[neighbour]
    kept_K = (weight != 0).any(0)
    return ItemMemory(
        item_C=memory.item_C[learned_C],
        neighbour_CK=place_C[neighbour].clamp(min=0)[:, kept_K],
        weight_CK=weight[:, kept_K],
    )


def _nearest(items: ItemEncoder, item_C: Tensor, cold_L: Tensor, nearest: int) -> _Loans:
    lender_CD = _by_attributes(items, item_C)
    places, weights = [], []
    for some in torch.split(cold_L, _ROWS):
        near = torch.topk(_by_attributes(items, some) @ lender_CD.T, min(nearest, len(item_C)), dim=1)
        cosine = near.values.clamp(min=0)
        places.append(near.indices)
        weights.append(cosine / cosine.sum(1, keepdim=True).clamp(min=1e-9))
    return _Loans(place_LN=torch.cat(places), weight_LN=torch.cat(weights))


def _by_attributes(items: ItemEncoder, item_R: Tensor) -> Tensor:
    """Return ``[R, D]`` vectors of length one that attributes alone make; zero without any."""
    device = items.trained_V.device
    parts = [
        items.fused(some, without=items.names.index(ID_FIELD)).y_RD.float().cpu()
        for some in torch.split(item_R.to(device), 32 * _ROWS)
    ]
    return F.normalize(torch.cat(parts), dim=1)


def _with_loans(memory: ItemMemory, cold_L: Tensor, loans: _Loans) -> ItemMemory:
    """Return the memory for C + L items: rows of its own, then lent ones, in the order of their numbers."""
    size, total = len(memory.item_C), len(memory.item_C) + len(cold_L)
    most, most_lent = min(memory.neighbour_CK.shape[1], size), min(memory.neighbour_CK.shape[1], len(cold_L))
    neighbours, weights = [], []
    for first in [*range(0, size, _ROWS), *range(size, total, _ROWS)]:
        last = min(first + _ROWS, size if first < size else total)
        if first < size:
            rows_RC = _dense(memory, slice(first, last))
        else:
            rows_RC = _lent_rows(memory, loans, slice(first - size, last - size))
        to_cold_RL = F.embedding_bag(
            loans.place_LN, rows_RC.T.contiguous(), per_sample_weights=loans.weight_LN, mode="sum"
        ).T
        old = torch.topk(rows_RC.abs(), most, dim=1).indices
        new = torch.topk(to_cold_RL.abs(), most_lent, dim=1).indices
        neighbours.append(torch.cat([old, new + size], dim=1))
        weights.append(torch.cat([rows_RC.gather(1, old), to_cold_RL.gather(1, new)], dim=1))
    item = torch.cat([memory.item_C, cold_L])
    order = item.argsort()
    return ItemMemory(
        item_C=item[order],
        neighbour_CK=order.argsort()[torch.cat(neighbours)[order]],
        weight_CK=torch.cat(weights)[order],
    )


def _dense(memory: ItemMemory, rows: slice | Tensor) -> Tensor:
    """Return ``[R, C]`` the weights of some rows towards all items of the memory."""
    neighbour_RK = memory.neighbour_CK[rows]
    dense_RC = torch.zeros(len(neighbour_RK), len(memory.item_C))
    return dense_RC.scatter_add_(1, neighbour_RK, memory.weight_CK[rows])


def _lent_rows(memory: ItemMemory, loans: _Loans, some: slice) -> Tensor:
    """Return ``[R, C]`` the rows of items that are lent to: the mean of those of their lenders."""
    lender, which_RN = torch.unique(loans.place_LN[some], return_inverse=True)
    return F.embedding_bag(
        which_RN, _dense(memory, lender), per_sample_weights=loans.weight_LN[some], mode="sum"
    )
