"""Embeddings of ids.

The table is padded with rows that no id uses, to a multiple of 64: the product with the whole
catalogue then stays on the fast path of the matrix kernels. A large table can give its gradient as a
sparse tensor of the rows that were read, so that a step costs nothing for all the others.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["IdEmbedding"]

_MULTIPLE = 64


class IdEmbedding(nn.Module):
    """A table of V vectors of width D, padded to a multiple of 64 rows.

    Parameters
    ----------
    size
        V, number of ids.
    width
        D.
    scale
        Standard deviation of the initial values.

    Attributes
    ----------
    sparse
        Whether the gradient is sparse; off until an optimiser that can use it says so.

    Examples
    --------
    >>> embedding = IdEmbedding(100, 8)
    >>> embedding.weight.shape, embedding.table().shape
    (torch.Size([128, 8]), torch.Size([100, 8]))
    """

    def __init__(self, size: int, width: int, *, scale: float = 0.02) -> None:
        super().__init__()
        self.size = size
        self.sparse = False
        self.weight = nn.Parameter(torch.empty(-(-size // _MULTIPLE) * _MULTIPLE, width))
        nn.init.normal_(self.weight, std=scale)

    def forward(self, id_T: Tensor) -> Tensor:
        """Return ``[T, D]``."""
        return F.embedding(id_T, self.weight, sparse=self.sparse)

    def table(self) -> Tensor:
        """Return ``[V, D]``, without the padding."""
        return self.weight[: self.size]
