"""The catalogue gives the same score whichever way it is asked."""

from __future__ import annotations

import pytest
import torch

from regard.nn.heads import Catalogue


@pytest.mark.parametrize("bias", [None, torch.randn(8)])
@pytest.mark.parametrize("unit", [False, True])
def test_all_ways_of_asking_agree(bias: torch.Tensor | None, unit: bool) -> None:
    catalogue = Catalogue(weight_PD=torch.randn(8, 4), bias_P=bias, size=6, unit=unit)
    states, items = torch.randn(3, 4), torch.tensor([5, 0, 2])
    everything = catalogue.scores(states, 0, 6)
    torch.testing.assert_close(catalogue.scores(states, 2, 5), everything[:, 2:5])
    torch.testing.assert_close(catalogue.scores_shared(states, items), everything[:, items])
    torch.testing.assert_close(catalogue.scores_of(states, items), everything[range(3), items])
    vectors = states @ catalogue.vectors()[:6].T
    torch.testing.assert_close(vectors if bias is None else vectors + bias[:6], everything)


def test_unit_vectors_have_length_one_and_the_table_keeps_its_own() -> None:
    catalogue = Catalogue(weight_PD=3 * torch.randn(8, 4), bias_P=None, size=6, unit=True)
    torch.testing.assert_close(catalogue.vectors().norm(dim=1), torch.ones(8))
    torch.testing.assert_close(catalogue.rows(torch.tensor([2])), catalogue.vectors()[2:3])


@pytest.mark.parametrize("unit", [False, True])
def test_a_sparse_table_gets_a_gradient_only_where_it_was_read(unit: bool) -> None:
    weight = torch.randn(8, 4, requires_grad=True)
    Catalogue(weight_PD=weight, bias_P=None, size=6, unit=unit, sparse=True).rows(
        torch.tensor([5, 2, 5])
    ).sum(0)[0].backward()
    assert weight.grad is not None
    assert weight.grad.is_sparse
    assert weight.grad.coalesce().indices().tolist() == [[2, 5]]
