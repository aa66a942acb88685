"""The dense kernel pads inside itself; that it equals the reference is a law (tests/laws)."""

from __future__ import annotations

import torch

from regard.nn.kernels import dense
from regard.nn.mask import both_ways, causal, same_user, window
from regard.nn.plan import AttentionPlan


def test_it_needs_users_to_be_kept_apart() -> None:
    offsets = torch.tensor([0, 2, 3])
    assert dense.supports(AttentionPlan.of(offsets, mask=causal() & same_user()))
    assert not dense.supports(AttentionPlan.of(offsets, mask=causal()))


def test_queries_without_keys_get_zero() -> None:
    none, some = torch.tensor([0, 0, 0]), torch.tensor([0, 2, 3])
    plan = AttentionPlan.of(some, mask=both_ways() & same_user(), source=none)
    y = dense.attend(torch.randn(3, 1, 4), torch.randn(0, 1, 4), torch.randn(0, 1, 4), plan)
    assert torch.equal(y, torch.zeros(3, 1, 4))


def test_one_user_without_a_source_gets_zero_and_the_others_do_not() -> None:
    plan = AttentionPlan.of(
        torch.tensor([0, 2, 3]), mask=both_ways() & same_user(), source=torch.tensor([0, 0, 3])
    )
    y = dense.attend(torch.randn(3, 1, 4), torch.randn(3, 1, 4), torch.randn(3, 1, 4), plan)
    assert torch.equal(y[:2], torch.zeros(2, 1, 4))
    assert y[2].abs().sum() > 0


def test_gradients_of_padded_places_do_not_turn_into_nan() -> None:
    q, k, v = (torch.randn(3, 1, 4, requires_grad=True) for _ in range(3))
    plan = AttentionPlan.of(torch.tensor([0, 2, 3]), mask=causal() & window(1) & same_user())
    dense.attend(q, k, v, plan).sum().backward()
    assert all(bool(x.grad is not None and x.grad.isfinite().all()) for x in (q, k, v))
