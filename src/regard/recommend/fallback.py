"""What is recommended where there is no history: the most popular items, by a stated score.

It is a Scorer like any model, so that the filters and the ranking are the same code.

Shape letters: U users, V items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from regard.data.packing import PackedBatch

__all__ = ["PopularityFallback"]


@dataclass(frozen=True, slots=True)
class PopularityFallback:
    """Scores every item with the logarithm of its share of all events: the same for each user.

    Parameters
    ----------
    popularity_V
        ``[V]`` int64 number of events of each item; an item without events scores -inf and is therefore
        never recommended.

    Examples
    --------
    >>> PopularityFallback(np.array([3, 1])).score(1, 0, 2).exp()
    tensor([[0.7500, 0.2500]])
    """

    popularity_V: np.ndarray

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        return len(self.popularity_V)

    def query(self, batch: PackedBatch) -> int:
        """Return U: nothing else of the batch matters."""
        return batch.num_users

    def score(self, query: int, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` log popularity shares."""
        total = max(int(self.popularity_V.sum()), 1)
        share = torch.from_numpy(self.popularity_V[start:stop] / total).float()
        return share.log().expand(query, -1)
