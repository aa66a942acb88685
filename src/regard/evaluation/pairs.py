"""Who had what, once each: what the item-to-item baselines learn from and read."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import Tensor

from regard.data.histories import Histories

__all__ = ["distinct_pairs", "sparse_product", "user_item_matrix"]


def distinct_pairs(row: np.ndarray, item: np.ndarray, num_items: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of row and item without repetition, sorted by row, then item.

    Examples
    --------
    >>> distinct_pairs(np.array([1, 0, 1]), np.array([4, 2, 4]), 5)
    (array([0, 1]), array([2, 4]))
    """
    key = np.unique(row.astype(np.int64) * num_items + item)
    return key // num_items, key % num_items


def user_item_matrix(histories: Histories, num_items: int) -> Tensor:
    """Return ``[U, V]`` sparse float32: 1 where a user had an item.

    Examples
    --------
    >>> user_item_matrix(Histories.of([[1, 1], [0]]), 2).to_dense()
    tensor([[0., 1.],
            [1., 0.]])
    """
    row, item = distinct_pairs(histories.rows(), histories.item[histories.events()], num_items)
    return torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([row, item])),
        torch.ones(len(row)),
        (len(histories), num_items),
        is_coalesced=True,
        check_invariants=False,
    )


def sparse_product(left: Tensor, right: Tensor) -> Tensor:
    """Return the dense product of two sparse matrices.

    Examples
    --------
    >>> matrix = user_item_matrix(Histories.of([[1], [0]]), 2)
    >>> sparse_product(matrix, matrix)
    tensor([[1., 0.],
            [0., 1.]])
    """
    with warnings.catch_warnings():
        # Torch turns both into CSR and warns, once a process, that CSR may change; the product will not.
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        product: Tensor = torch.sparse.mm(left, right).to_dense()
    return product
