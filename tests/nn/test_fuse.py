"""Fields become one vector; absent fields have no say, whichever way they are fused."""

from __future__ import annotations

import pytest
import torch

from regard.nn.fuse import AttributeAttention, make_fusion

KINDS = ("attention", "gate", "sum")


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_in_an_absent_field_changes_nothing(kind: str) -> None:
    fuse = make_fusion(kind, 3, 4)
    value = torch.randn(2, 3, 4)
    other = value.clone()
    other[:, 1] = 1e6
    present = torch.tensor([[True, False, True]] * 2)

    assert torch.equal(fuse(list(value.unbind(1)), present).y_RD, fuse(list(other.unbind(1)), present).y_RD)
    assert (fuse(list(value.unbind(1)), present).weight_RF[:, 1] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_without_any_field_is_zero_and_its_gradient_finite(kind: str) -> None:
    fuse = make_fusion(kind, 3, 4)
    value = torch.randn(1, 3, 4, requires_grad=True)

    y = fuse(list(value.unbind(1)), torch.zeros(1, 3, dtype=torch.bool)).y_RD
    y.sum().backward()

    assert (y == 0).all()
    assert value.grad is not None
    assert value.grad.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_does_not_depend_on_the_rows_beside_it(kind: str) -> None:
    fuse = make_fusion(kind, 3, 4)
    value, present = torch.randn(5, 3, 4), torch.rand(5, 3) < 0.7

    assert torch.allclose(
        fuse(list(value.unbind(1)), present).y_RD[2:3],
        fuse(list(value[2:3].unbind(1)), present[2:3]).y_RD,
        atol=1e-6,
    )


def test_weights_of_attention_sum_to_one_over_the_present_fields() -> None:
    fuse = AttributeAttention(3, 8, heads=2)
    torch.nn.init.normal_(fuse.query_FD)

    weights = fuse(list(torch.randn(3, 6, 8)), torch.tensor([[True, False, True]] * 6)).weight_RF

    assert torch.allclose(weights.sum(1), torch.ones(6))


def test_an_item_whose_id_is_absent_has_a_vector_of_the_same_scale() -> None:
    fuse = AttributeAttention(2, 4)
    value = torch.ones(1, 2, 4)

    with_id = fuse(list(value.unbind(1)), torch.tensor([[True, True]])).y_RD
    without = fuse(list(value.unbind(1)), torch.tensor([[False, True]])).y_RD

    assert torch.allclose(with_id, without)


def test_a_query_from_outside_decides_which_field_is_heard() -> None:
    fuse = AttributeAttention(3, 4, asks=True)
    assert fuse.project is not None
    torch.nn.init.eye_(fuse.project.weight)
    value = torch.eye(4)[None, :3]
    present = torch.ones(1, 3, dtype=torch.bool)

    for field in (1, 2):
        weights = fuse(list(value.unbind(1)), present, 20 * torch.eye(4)[None, field]).weight_RF
        assert weights.argmax() == field


def test_heads_weigh_their_parts_of_the_width_on_their_own() -> None:
    fuse = AttributeAttention(2, 4, heads=2)
    with torch.no_grad():
        fuse.bias_FH.copy_(torch.tensor([[50.0, -50.0], [0.0, 0.0]]))
    value = torch.stack([torch.ones(4), torch.zeros(4)])[None]

    y = fuse(list(value.unbind(1)), torch.ones(1, 2, dtype=torch.bool)).y_RD

    assert torch.allclose(y, torch.tensor([[1.0, 1.0, 0.0, 0.0]]), atol=1e-6)
