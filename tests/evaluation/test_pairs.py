"""Who had what, once each."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from regard.data.histories import Histories
from regard.evaluation.pairs import distinct_pairs, sparse_product, user_item_matrix


def test_repetitions_count_once():
    row, item = distinct_pairs(np.array([1, 1, 0]), np.array([5, 5, 5]), 6)
    assert (row.tolist(), item.tolist()) == ([0, 1], [5, 5])


def test_the_matrix_holds_who_had_what():
    matrix = user_item_matrix(Histories.of([[2, 0, 2], [], [1]]), 3).to_dense()
    assert matrix.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]


def test_the_product_equals_the_dense_one_without_a_warning():
    rng = np.random.default_rng(0)
    matrix = user_item_matrix(Histories.of([rng.integers(0, 9, 5).tolist() for _ in range(30)]), 9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        product = sparse_product(matrix.t(), matrix)
    assert torch.equal(product, matrix.to_dense().T @ matrix.to_dense())
