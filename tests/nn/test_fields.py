"""Each form of attribute becomes a vector; what is missing is said to be absent."""

from __future__ import annotations

import pytest
import torch

from regard.nn.fields import BagField, CategoryField, NumberField, VectorField, piecewise_linear


def test_a_missing_code_is_absent_and_an_unseen_one_is_not() -> None:
    rows = CategoryField(6, 4, scale=0.1)(torch.tensor([0, 1, 5]))

    assert rows.present_R.tolist() == [False, True, True]
    assert rows.value_RD.shape == (3, 4)


def test_a_bag_is_the_sum_of_its_codes_over_the_root_of_their_number() -> None:
    field = BagField(6, 4, scale=0.1)

    rows = field(torch.tensor([0, 4, 4]), torch.tensor([2, 3, 4, 5]))

    assert torch.allclose(rows.value_RD[0], field.weight[2:6].sum(0) / 2)
    assert rows.present_R.tolist() == [True, False]
    assert rows.value_RD[1].abs().sum() == 0


def test_bags_do_not_depend_on_the_bags_beside_them() -> None:
    field = BagField(6, 4, scale=0.1)

    together = field(torch.tensor([0, 2, 3]), torch.tensor([2, 3, 5])).value_RD
    alone = field(torch.tensor([0, 1]), torch.tensor([5])).value_RD

    assert torch.equal(together[1], alone[0])


def test_a_number_moves_along_a_straight_line_between_two_edges() -> None:
    field = NumberField(torch.tensor([0.0, 1.0, 10.0]), 4, scale=0.1)

    low, middle, high = field(torch.tensor([1.0, 5.5, 10.0])).value_RD

    assert torch.allclose(middle, (low + high) / 2, atol=1e-6)


def test_numbers_outside_the_edges_are_taken_as_the_nearest_edge() -> None:
    field = NumberField(torch.tensor([0.0, 1.0, 10.0]), 4, scale=0.1)

    rows = field(torch.tensor([-1e30, 0.0, 10.0, 1e30])).value_RD

    assert torch.equal(rows[0], rows[1])
    assert torch.equal(rows[2], rows[3])


def test_a_number_that_is_not_there_is_absent_and_its_value_finite() -> None:
    rows = NumberField(torch.tensor([0.0, 1.0]), 4, scale=0.1)(torch.tensor([torch.nan, 0.5]))

    assert rows.present_R.tolist() == [False, True]
    assert rows.value_RD.isfinite().all()


def test_a_number_that_is_always_the_same_has_one_vector() -> None:
    rows = NumberField(torch.tensor([3.0]), 4, scale=0.1)(torch.tensor([3.0, 3.0]))

    assert torch.equal(rows.value_RD[0], rows.value_RD[1])


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0, 2.0, 4.0])
def test_the_pieces_below_a_value_are_full_and_those_above_it_empty(value: float) -> None:
    place = piecewise_linear(torch.tensor([value]), torch.tensor([0.0, 1.0, 2.0, 4.0]))[0]

    assert (place.diff() <= 0).all()
    assert float((place * torch.tensor([1.0, 1.0, 2.0])).sum()) == pytest.approx(value)


def test_a_given_vector_is_mapped_by_a_matrix() -> None:
    field = VectorField(3, 4, scale=0.1)
    given = torch.randn(2, 3)

    rows = field(given, torch.tensor([True, False]))

    assert torch.allclose(rows.value_RD, given @ field.weight.T)
    assert rows.present_R.tolist() == [True, False]
