"""The banded kernel takes histories as they lie; that it equals the reference is a law (tests/laws)."""

from __future__ import annotations

import torch

from regard.nn.kernels import banded
from regard.nn.mask import causal, same_user, window
from regard.nn.plan import AttentionPlan


def test_it_needs_a_window_on_the_own_past() -> None:
    offsets = torch.tensor([0, 2, 3])
    assert banded.supports(AttentionPlan.of(offsets, mask=causal() & window(2) & same_user()))
    assert not banded.supports(AttentionPlan.of(offsets, mask=window(2) & same_user()))
    assert not banded.supports(AttentionPlan.of(offsets, mask=causal() & same_user()))


def test_no_events_give_no_output() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 0]), mask=causal() & window(2) & same_user())
    assert banded.attend(*(torch.zeros(0, 2, 4) for _ in range(3)), plan).shape == (0, 2, 4)


def test_autocast_asks_for_the_type_of_its_output() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 300]), mask=causal() & window(4) & same_user())
    q, k, v = (torch.randn(300, 2, 4, requires_grad=True) for _ in range(3))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = banded.attend(q, k, v, plan)
    y.float().sum().backward()
    assert y.dtype == torch.bfloat16
    assert v.grad is not None
    assert v.grad.dtype == torch.float32


def test_what_it_keeps_for_the_gradient_grows_with_events_and_not_with_their_square() -> None:
    def kept(length: int) -> int:
        plan = AttentionPlan.of(torch.tensor([0, length]), mask=causal() & window(32) & same_user())
        sizes: dict[int, int] = {}

        def pack(x: torch.Tensor) -> torch.Tensor:
            sizes[x.data_ptr()] = x.numel()
            return x

        q, k, v = (torch.randn(length, 1, 4, requires_grad=True) for _ in range(3))
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
            banded.attend(q, k, v, plan)
        return sum(sizes.values())

    assert kept(2048) <= 2.1 * kept(1024)
