"""Memories: linear item-to-item models in closed form, cut to the strongest neighbours of each item.

Two kinds. ``"together"`` is EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019):
which items the same users have. ``"next"`` is the ridge regression of the next item on the decayed past, the
half of SLIST that knows order (Choe et al., "Session-aware Linear Item-Item Models", WWW 2021):

    s_t = sum over i <= t of decay^(t - i) e(item_i),    B = (S'S + ridge)^-1 S'N

where a row of N is the item that came after the event of that row of S. Both products are sums over pairs of
events that are close to each other, so that S is never written down. A matrix of all pairs of the most
frequent items is solved once: seconds for 4,000 items, half a minute for 12,000.

Shape letters: T events, V items, C items that have neighbours, K neighbours.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
import pydantic
import torch
from torch import Tensor

from regard.config import Config
from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.vocab import Vocab
from regard.evaluation.linear import EASE
from regard.models.memory import ItemMemory

__all__ = ["Kind", "MemoryConfig", "fit_memory"]

Kind = Literal["next", "together"]
_FULL = 0.05  # share of cells from which a dense product is faster
_FARTHEST = 32  # events: beyond, the default decay leaves less than a thousandth


class MemoryConfig(Config):
    """How memories are fitted.

    Attributes
    ----------
    kinds
        Which are fitted; validation chooses one of them, or none.
    items
        They cover at most this many of the most frequent items.
    neighbours
        Neighbours kept for each.
    decay
        What an event of the past counts in ``"next"``, as a share of what the event after it counts.
    ridge_next, ridge_together
        Their regularisation; the second is multiplied by the root of the events per item.
    """

    kinds: tuple[Kind, ...] = ("next", "together")
    items: int = pydantic.Field(default=12_288, ge=2)
    neighbours: int = pydantic.Field(default=200, ge=1)
    decay: float = pydantic.Field(default=0.8, gt=0, lt=1)
    ridge_next: float = pydantic.Field(default=100.0, gt=0)
    ridge_together: float = pydantic.Field(default=15.0, gt=0)


def fit_memory(train: Dataset, kind: Kind, config: MemoryConfig) -> ItemMemory | None:
    """Fit a memory to a log; None if fewer than two items occur."""
    head = _Head.of(train, config.items)
    if len(head.item_C) < 2:
        return None
    if kind == "next":
        weight_CC = _next(head, config)
    else:
        small = head.dataset(train)
        ridge = config.ridge_together * (small.num_events / len(head.item_C)) ** 0.5
        weight_CC = EASE.fit(small, ridge=ridge).weight_VV
    neighbour_CK = torch.topk(weight_CC.abs(), min(config.neighbours, len(head.item_C) - 1), dim=1).indices
    return ItemMemory(
        item_C=torch.from_numpy(head.item_C),
        neighbour_CK=neighbour_CK,
        weight_CK=weight_CC.gather(1, neighbour_CK),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """The most frequent items, and the histories with nothing else, their items numbered 0 to C - 1."""

    item_C: np.ndarray
    histories: Histories

    @classmethod
    def of(cls, train: Dataset, most: int) -> _Head:
        counts = train.item_counts
        frequent = np.argsort(-counts, kind="stable")[:most]
        item_C = np.sort(frequent[counts[frequent] > 0]).astype(np.int64)
        marked = np.zeros(len(counts), dtype=bool)
        marked[item_C] = True
        inside = train.histories.only(marked)
        place = (np.cumsum(marked) - 1).astype(np.int32)
        return cls(item_C=item_C, histories=replace(inside, item=place[inside.item]))

    def dataset(self, train: Dataset) -> Dataset:
        ids = pl.Series("id", self.item_C)
        return Dataset(
            users=train.users,
            items=Vocab(ids),
            histories=self.histories,
            item_table=pl.DataFrame({"item_id": ids}),
            user_table=train.user_table,
        )


def _next(head: _Head, config: MemoryConfig) -> Tensor:
    """Return ``[C, C]`` weights from an item of the past to the next item."""
    histories, size, decay = head.histories, len(head.item_C), config.decay
    item_T = torch.from_numpy(histories.item[histories.events()].astype(np.int64))
    lengths, row_T = histories.lengths, histories.rows()
    first = np.cumsum(lengths) - lengths
    before_T = torch.from_numpy(np.arange(len(item_T)) - first[row_T])
    after_T = torch.from_numpy(lengths[row_T]) - 1 - before_T
    # An event is in the past of all later ones: its squared weights there are a geometric series.
    weight_T = (1 - decay ** (2.0 * after_T.double())) / (1 - decay**2)
    past = torch.zeros(size * size)
    came = torch.zeros(size * size)
    for lag in range(_FARTHEST + 1):
        late_P = torch.nonzero(before_T >= lag)[:, 0]
        late, early = item_T[late_P], item_T[late_P - lag]
        weight_P = (decay**lag * weight_T[late_P]).float()
        past.index_add_(0, early * size + late, weight_P)
        if lag > 0:
            past.index_add_(0, late * size + early, weight_P)
            came.index_add_(0, early * size + late, weight_P.new_full((len(late),), decay ** (lag - 1)))
    past_CC = past.view(size, size)
    past_CC.diagonal().add_(config.ridge_next)
    inverse_CC = torch.cholesky_inverse(torch.linalg.cholesky(past_CC))
    del past, past_CC
    return _product(inverse_CC, came.view(size, size))


def _product(symmetric_CC: Tensor, counts_CC: Tensor) -> Tensor:
    """Multiply; where few pairs of items ever met, the second matrix is almost empty."""
    if int(torch.count_nonzero(counts_CC)) > _FULL * counts_CC.numel():
        return symmetric_CC @ counts_CC
    with warnings.catch_warnings():
        # Compressed rows are much faster here; torch warns, once a process, that they may change.
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        product_CC: Tensor = counts_CC.T.to_sparse_csr() @ symmetric_CC
    return product_CC.T
