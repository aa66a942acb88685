"""The exact score is a fixed procedure, and the rough one knows how far it may be off."""

from __future__ import annotations

import torch

from regard.models.table import SearchTable, exact_dot
from regard.nn.heads import Catalogue


def _table(size: int = 6_000, half_from: int = 0) -> SearchTable:
    weight = torch.randn(size, 48, generator=torch.Generator().manual_seed(0))
    return SearchTable.of(Catalogue(weight_PD=weight, bias_P=None, size=size - 8), half_from=half_from)


def test_an_exact_dot_product_is_the_mathematical_one_rounded() -> None:
    left, right = torch.randn(50, 77), torch.randn(50, 77)
    expected = (left.double() * right.double()).sum(1)
    torch.testing.assert_close(exact_dot(left, right), expected, rtol=1e-13, atol=1e-13)


def test_the_order_of_summation_does_not_depend_on_the_other_rows() -> None:
    left, right = torch.randn(64, 129), torch.randn(64, 129)
    together = exact_dot(left, right)
    assert all(torch.equal(exact_dot(left[i : i + 1], right[i : i + 1])[0], together[i]) for i in range(64))


def test_padding_of_the_catalogue_is_left_out() -> None:
    assert _table().size == 5_992


def test_an_exact_score_adds_the_bias_before_it_rounds() -> None:
    catalogue = Catalogue(weight_PD=torch.tensor([[1.0], [2.0]]), bias_P=torch.tensor([0.5, -1.0]), size=2)
    table = SearchTable.of(catalogue)
    scores = table.exact(torch.tensor([[3.0]]), torch.tensor([0, 0]), torch.tensor([0, 1]))
    assert scores.tolist() == [3.5, 5.0]


def test_the_bound_holds_even_if_products_may_be_rounded_to_bfloat16() -> None:
    table, query = _table(half_from=10**9), torch.randn(3, 48)
    before = torch.get_float32_matmul_precision()
    exact = query.double() @ table.weight_VD.double().T
    try:
        torch.set_float32_matmul_precision("medium")
        rough = table.rough(query, 0, table.size)
    finally:
        torch.set_float32_matmul_precision(before)
    assert rough is not None
    assert bool(((rough.scores_BU.T - exact).abs() <= rough.slack_U[:, None]).all())


def test_states_that_are_not_finite_have_no_bound() -> None:
    assert _table().rough(torch.full((1, 48), torch.nan), 0, 100) is None
