"""ItemKNN: items that the same users had, by shrunk cosine. The classic that is hard to beat.

Notable choices: repeated events count once; the neighbourhood is that of the candidate (its K most
similar items, of which those in the history add up), and co-occurrence is counted by sparse products of a
few hundred items at a time, so that memory stays at O(V K). It does not know time or order.

Shape letters: U users, V items, T events, K neighbours, E edges of the neighbourhood graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

from regard.data.dataset import Dataset
from regard.data.packing import PackedBatch
from regard.data.split import Holdout
from regard.errors import CapacityError, ConfigError
from regard.evaluation.pairs import distinct_pairs, sparse_product, user_item_matrix
from regard.evaluation.tuning import best_setting

__all__ = ["ItemKNN", "KNNQuery"]

_CELLS = 2**24  # co-occurrence counts held at once
_MOST_ITEMS = 150_000  # every pair of items is looked at, ten times if tuned: about ten minutes
_GRID_NEIGHBOURS, _GRID_SHRINKAGE = (50, 100, 200), (0.0, 10.0, 50.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class KNNQuery:
    """What histories add to items: edges from what was seen to what it speaks for.

    Parameters
    ----------
    row_E, item_E
        ``[E]`` int64 user of the batch and item that gets the score.
    weight_E
        ``[E]`` float32 similarity.
    users
        U.
    """

    row_E: np.ndarray
    item_E: np.ndarray
    weight_E: np.ndarray
    users: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemKNN:
    """Scores an item with the summed similarity of those of its neighbours that are in the history.

    Similarity is ``n_ij / (sqrt(n_i n_j) + shrinkage)`` for users in common and users of each (Sarwar et
    al., WWW 2001; shrinkage after Bell & Koren, KDD Cup 2007).

    Parameters
    ----------
    offsets
        ``[V + 1]`` int64: the item j speaks for ``item_E[offsets[j] : offsets[j + 1]]``.
    item_E
        ``[E]`` int64 items that have it among their neighbours.
    weight_E
        ``[E]`` float32 similarities.
    """

    offsets: np.ndarray
    item_E: np.ndarray
    weight_E: np.ndarray

    @classmethod
    def fit(
        cls,
        train: Dataset,
        *,
        neighbours: int = 100,
        shrinkage: float = 0.0,
        tune_on: Holdout | None = None,
    ) -> ItemKNN:
        """Find the neighbours of every item.

        Parameters
        ----------
        train
            Training data.
        neighbours
            K, how many similar items an item listens to.
        shrinkage
            Takes weight from similarities of items that few users had.
        tune_on
            A validation cut of `train` that chooses both settings from a small grid, fitting on its
            training part; the neighbours returned are those of all of `train`. None for the given ones.

        Raises
        ------
        ConfigError
            If `neighbours` is less than 1 or `shrinkage` negative.
        CapacityError
            If there are more than 150,000 items: time grows with their square.
        """
        if len(train.items) > _MOST_ITEMS:
            raise CapacityError(
                f"ItemKNN compares every pair of {len(train.items):,} items, which takes hours above "
                f"{_MOST_ITEMS:,}; leave it out or keep only frequent items"
            )
        if neighbours < 1 or shrinkage < 0:
            raise ConfigError(f"neighbours = {neighbours}, shrinkage = {shrinkage}: give at least 1 and 0")
        if tune_on is not None and len(tune_on.queries):
            inner = user_item_matrix(tune_on.train.histories, len(train.items))
            neighbours, shrinkage = best_setting(
                list(product(_GRID_NEIGHBOURS, _GRID_SHRINKAGE)),
                lambda setting: _neighbourhood(inner, setting[0], setting[1]),
                holdout=tune_on,
            )
        return _neighbourhood(user_item_matrix(train.histories, len(train.items)), neighbours, shrinkage)

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        return len(self.offsets) - 1

    def query(self, batch: PackedBatch) -> KNNQuery:
        """Return the edges that leave the items of each history."""
        rows = np.repeat(np.arange(batch.num_users), batch.lengths.cpu().numpy())
        row, item = distinct_pairs(rows, batch.item_T.cpu().numpy(), self.num_items)
        degree = self.offsets[item + 1] - self.offsets[item]
        first = np.cumsum(degree) - degree
        edge = np.arange(int(degree.sum())) + np.repeat(self.offsets[item] - first, degree)
        return KNNQuery(
            row_E=np.repeat(row, degree),
            item_E=self.item_E[edge],
            weight_E=self.weight_E[edge],
            users=batch.num_users,
        )

    def score(self, query: KNNQuery, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` summed similarities."""
        place, weight = query.row_E * (stop - start) + query.item_E - start, query.weight_E
        if (start, stop) != (0, self.num_items):
            inside = (query.item_E >= start) & (query.item_E < stop)
            place, weight = place[inside], weight[inside]
        scores = np.bincount(place, weights=weight, minlength=query.users * (stop - start))
        return torch.from_numpy(scores.astype(np.float32)).view(query.users, stop - start)


def _neighbourhood(matrix_UV: Tensor, neighbours: int, shrinkage: float) -> ItemKNN:
    num_items = matrix_UV.shape[1]
    users_V = torch.bincount(matrix_UV.indices()[1], minlength=num_items).float()
    by_item = matrix_UV.t().coalesce()
    width = min(neighbours, num_items)
    speaks, listens, weight = [], [], []
    step = max(1, _CELLS // num_items)
    for start in range(0, num_items, step):
        stop = min(start + step, num_items)
        first, last = torch.searchsorted(by_item.indices()[0], torch.tensor([start, stop]))
        places = by_item.indices()[:, first:last] - torch.tensor([[start], [0]])
        block = torch.sparse_coo_tensor(
            places, by_item.values()[first:last], (stop - start, by_item.shape[1]), check_invariants=False
        )
        together = sparse_product(block, matrix_UV)
        norm = torch.sqrt(users_V[start:stop, None] * users_V) + shrinkage
        similarity = together / norm.clamp(min=1e-12)
        similarity[torch.arange(stop - start), torch.arange(start, stop)] = 0
        top = torch.topk(similarity, width, dim=1)
        kept = top.values > 0
        speaks.append(top.indices[kept])
        listens.append((torch.arange(start, stop)[:, None].expand_as(kept))[kept])
        weight.append(top.values[kept])
    speaker = torch.cat(speaks).numpy()
    order = np.argsort(speaker, kind="stable")
    counts = np.bincount(speaker, minlength=num_items)
    return ItemKNN(
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        item_E=torch.cat(listens).numpy()[order],
        weight_E=torch.cat(weight).numpy()[order],
    )
