"""The sampled softmax never forms scores of the whole catalogue."""

from __future__ import annotations

import numpy as np
import torch

from regard.losses.negatives import NegativeSampler
from regard.losses.sampled import SampledSoftmax
from regard.nn.heads import Catalogue


def test_a_negative_that_is_the_target_does_not_count() -> None:
    catalogue = Catalogue(weight_PD=torch.randn(1, 2), bias_P=None, size=1)
    loss = SampledSoftmax(NegativeSampler(np.array([3]), size=5))(
        torch.randn(4, 2), torch.zeros(4, dtype=torch.int64), catalogue
    )
    torch.testing.assert_close(loss.total, torch.tensor(0.0))
    assert loss.count == 4


def test_only_rows_of_targets_and_negatives_get_a_gradient() -> None:
    torch.manual_seed(0)
    weight = torch.randn(1000, 2, requires_grad=True)
    sampler = NegativeSampler(np.ones(1000), size=5)
    catalogue = Catalogue(weight_PD=weight, bias_P=None, size=1000)
    SampledSoftmax(sampler)(torch.randn(3, 2), torch.tensor([1, 2, 3]), catalogue).total.backward()
    assert weight.grad is not None
    assert int((weight.grad.abs().sum(1) > 0).sum()) <= 3 + 5


def test_without_gradients_none_are_computed() -> None:
    weight = torch.randn(4, 2, requires_grad=True)
    loss = SampledSoftmax(NegativeSampler(np.ones(4), size=5))
    with torch.no_grad():
        total = loss(
            torch.randn(2, 2), torch.tensor([0, 1]), Catalogue(weight_PD=weight, bias_P=None, size=4)
        ).total
    assert not total.requires_grad


def test_no_positions_give_a_loss_of_zero() -> None:
    catalogue = Catalogue(weight_PD=torch.randn(4, 2), bias_P=None, size=4)
    loss = SampledSoftmax(NegativeSampler(np.ones(4), size=5))
    nothing = loss(torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64), catalogue)
    assert (float(nothing.total), nothing.count) == (0.0, 0)


def test_a_sparse_table_gets_the_same_gradient() -> None:
    states, target, grads = torch.randn(3, 2), torch.tensor([1, 2, 2]), []
    weight = torch.randn(1000, 2)
    for sparse in (False, True):
        torch.manual_seed(0)
        table = weight.clone().requires_grad_()
        catalogue = Catalogue(weight_PD=table, bias_P=None, size=1000, sparse=sparse)
        SampledSoftmax(NegativeSampler(np.ones(1000), size=5))(states, target, catalogue).total.backward()
        assert table.grad is not None
        assert table.grad.is_sparse is sparse
        grads.append(table.grad.to_dense())
    torch.testing.assert_close(*grads)
