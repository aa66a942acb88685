"""EASE: the best linear item-to-item model in closed form, and on many data the baseline to beat.

It holds a dense matrix of all pairs of items, so it refuses catalogues that do not fit. It does not
know time or order.

Shape letters: U users, V items, T events, C items that occur in training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from regard.data.dataset import Dataset
from regard.data.packing import PackedBatch
from regard.data.split import Holdout
from regard.errors import CapacityError, ConfigError
from regard.evaluation.pairs import distinct_pairs, sparse_product, user_item_matrix
from regard.evaluation.tuning import best_setting

__all__ = ["EASE", "EASEQuery"]

_MATRICES = 3  # Gram matrix, its factor or inverse, and the weights live at the same time
_GRID = (50.0, 100.0, 250.0, 500.0, 1000.0)
_USERS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class EASEQuery:
    """The distinct items of each history, laid end to end: ``[T]`` items and ``[U]`` where each begins."""

    item_T: Tensor
    first_U: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class EASE:
    """Scores an item with the summed weights from the items of the history.

    Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019: the weights minimise the
    squared error of predicting each user's items from the other items, with a ridge and a diagonal of
    zero.

    Parameters
    ----------
    weight_VV
        ``[V, V]`` float32: row is the item that was seen, column the item that is scored.
    """

    weight_VV: Tensor

    @classmethod
    def fit(
        cls,
        train: Dataset,
        *,
        ridge: float = 500.0,
        tune_on: Holdout | None = None,
        memory_limit: int = 8 * 2**30,
    ) -> EASE:
        """Solve for the weights.

        Parameters
        ----------
        train
            Training data; repeated events count once.
        ridge
            Strength of regularisation (lambda in the paper).
        tune_on
            A validation cut of `train` that chooses the ridge from 50, 100, 250, 500 and 1000, fitting on
            its training part; the weights returned are those of all of `train`. None for the given ridge.
        memory_limit
            Bytes that may be used.

        Raises
        ------
        CapacityError
            If the catalogue needs more than `memory_limit`.
        ConfigError
            If `ridge` is not positive.
        """
        if not ridge > 0:
            raise ConfigError(f"ridge = {ridge}: the matrix can only be inverted with ridge > 0")
        num_items = len(train.items)
        needed = _MATRICES * 4 * num_items**2
        if needed > memory_limit:
            most = int((memory_limit / (_MATRICES * 4)) ** 0.5)
            raise CapacityError(
                f"EASE needs {needed / 2**30:,.1f} GiB for {num_items:,} items and may use "
                f"{memory_limit / 2**30:,.1f} GiB, enough for {most:,} items; leave it out, "
                "keep only frequent items, or raise memory_limit"
            )
        if tune_on is not None and len(tune_on.queries):
            inner = _gram(tune_on.train)
            ridge = best_setting(
                _GRID, lambda setting: cls(weight_VV=_weights(inner, setting)), holdout=tune_on
            )
            del inner  # two matrices of this size would break the promise of the memory limit
        return cls(weight_VV=_weights(_gram(train), ridge))

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        return len(self.weight_VV)

    def query(self, batch: PackedBatch) -> EASEQuery:
        """Return the distinct items of each history."""
        rows = np.repeat(np.arange(batch.num_users), batch.lengths.cpu().numpy())
        row, item = distinct_pairs(rows, batch.item_T.cpu().numpy(), self.num_items)
        first = np.searchsorted(row, np.arange(batch.num_users))
        return EASEQuery(item_T=torch.from_numpy(item), first_U=torch.from_numpy(first))

    def score(self, query: EASEQuery, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` summed weights."""
        if len(query.item_T) == 0:
            return torch.zeros(len(query.first_U), stop - start)
        return F.embedding_bag(query.item_T, self.weight_VV[:, start:stop], query.first_U, mode="sum")


def _gram(train: Dataset) -> Tensor:
    """Return ``[V, V]``: how many users had both items. Users are taken a few thousand at a time."""
    num_items = len(train.items)
    gram = torch.zeros(num_items, num_items)
    for first in range(0, len(train.histories), _USERS):
        users = user_item_matrix(train.histories.take(slice(first, first + _USERS)), num_items)
        gram += sparse_product(users.t(), users)
    return gram


def _weights(gram: Tensor, ridge: float) -> Tensor:
    regularised = gram.clone()
    regularised.diagonal().add_(ridge)
    # The inverse is symmetric and comes column by column; its transpose is the same row by row, which
    # is how scoring reads it.
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(regularised)).mT.contiguous()
    # Columns are divided in place: one matrix less at the largest moment.
    weights = inverse.div_(-inverse.diagonal().clone())
    weights.diagonal().zero_()
    return weights
