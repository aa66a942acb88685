"""The table is padded to a multiple of 64 rows, and the padding belongs to nobody."""

from __future__ import annotations

import pytest
import torch

from regard.nn.embed import IdEmbedding


@pytest.mark.parametrize(("size", "rows"), [(1, 64), (64, 64), (65, 128), (1682, 1728)])
def test_rows_are_padded_to_a_multiple_of_64(size: int, rows: int) -> None:
    embedding = IdEmbedding(size, 4)
    assert embedding.weight.shape == (rows, 4)
    assert embedding.table().shape == (size, 4)


def test_an_id_is_a_row() -> None:
    embedding = IdEmbedding(10, 4)
    torch.testing.assert_close(embedding(torch.tensor([7, 7])), embedding.weight[[7, 7]])


def test_its_gradient_is_sparse_where_that_is_asked_for() -> None:
    embedding = IdEmbedding(10, 4)
    dense, sparse = [], []
    for grads, embedding.sparse in ((dense, False), (sparse, True)):
        embedding(torch.tensor([7, 3, 7])).square().sum().backward()
        grads.append(embedding.weight.grad)
        embedding.weight.grad = None
    assert sparse[0].is_sparse
    torch.testing.assert_close(sparse[0].to_dense(), dense[0])
