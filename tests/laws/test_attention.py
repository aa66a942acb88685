"""Laws of attention: packing changes nothing, every kernel is the reference, nobody sees the future."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from regard.nn.attention import Attention
from regard.nn.kernels import reference
from regard.nn.kernels.select import KERNELS, select
from regard.nn.mask import Mask, both_ways, causal, prefix, same_user, window
from regard.nn.plan import AttentionPlan

MASKS = [
    causal() & same_user(),
    both_ways() & same_user(),
    causal() & window(3) & same_user(),
    causal() & window(1) & same_user(),
    window(2) & same_user(),
    prefix(2) & same_user(),
    (causal() | prefix(2)) & same_user(),
]
BANDED = causal() & window(3) & same_user()
LENGTHS = st.lists(st.integers(0, 6), min_size=1, max_size=5)


def offsets_of(lengths: list[int]) -> Tensor:
    return torch.tensor([0, *torch.tensor(lengths).cumsum(0).tolist()])


def run(name: str, plan: AttentionPlan, qkv: list[Tensor]) -> list[Tensor]:
    """Return the output and the gradients of a weighted sum of it."""
    q, k, v = (x.clone().requires_grad_() for x in qkv)
    y = select(plan, name)(q, k, v, plan)  # type: ignore[arg-type]
    (y * torch.arange(1.0, y.numel() + 1).view(y.shape)).sum().backward()
    return [y.detach(), *(torch.zeros_like(x) if x.grad is None else x.grad for x in (q, k, v))]


@pytest.mark.parametrize(
    ("name", "mask"),
    [*(("dense", mask) for mask in MASKS), ("banded", BANDED)],
    ids=lambda value: value.name if isinstance(value, Mask) else value,
)
@settings(max_examples=25, deadline=None)
@given(lengths=LENGTHS, seed=st.integers(0, 1000))
def test_every_kernel_equals_the_reference_in_outputs_and_gradients(
    name: str, mask: Mask, lengths: list[int], seed: int
) -> None:
    torch.manual_seed(seed)
    plan = AttentionPlan.of(offsets_of(lengths), mask=mask)
    qkv = [torch.randn(sum(lengths), 2, 4) for _ in range(3)]
    for ours, truth in zip(run(name, plan, qkv), run("reference", plan, qkv), strict=True):
        torch.testing.assert_close(ours, truth, rtol=1e-4, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), span=st.sampled_from([1, 2, 31, 32, 33, 64, 128]), seed=st.integers(0, 1000))
def test_the_banded_kernel_equals_the_reference_across_its_blocks(
    data: st.DataObject, span: int, seed: int
) -> None:
    """Lengths around the window and around multiples of it, in any order."""
    some = st.sampled_from([0, 1, span - 1, span, span + 1, 2 * span]) | st.integers(0, 70)
    lengths = data.draw(st.lists(some, min_size=1, max_size=5))
    torch.manual_seed(seed)
    plan = AttentionPlan.of(offsets_of(lengths), mask=causal() & window(span) & same_user())
    qkv = [torch.randn(sum(lengths), 2, 4) for _ in range(3)]
    for ours, truth in zip(run("banded", plan, qkv), run("reference", plan, qkv), strict=True):
        torch.testing.assert_close(ours, truth, rtol=1e-4, atol=2e-3)  # sums of up to 5,000 weighted terms


@pytest.mark.parametrize("lengths", [[2048], [1, 2048, 0, 129]], ids=str)
def test_the_banded_kernel_equals_the_reference_on_histories_of_2048(lengths: list[int]) -> None:
    torch.manual_seed(0)
    plan = AttentionPlan.of(offsets_of(lengths), mask=causal() & window(128) & same_user())
    qkv = [torch.randn(sum(lengths), 2, 8) for _ in range(3)]
    for ours, truth in zip(run("banded", plan, qkv), run("reference", plan, qkv), strict=True):
        assert ours.isfinite().all()
        torch.testing.assert_close(ours, truth, rtol=1e-4, atol=1e-5 * float(truth.abs().max()))


@pytest.mark.parametrize("name", ["banded", "dense"])
@pytest.mark.parametrize("lengths", [[40, 40], [0, 1, 5, 70]], ids=str)
def test_kernels_in_bfloat16_are_near_the_reference_in_float32(name: str, lengths: list[int]) -> None:
    torch.manual_seed(0)
    plan = AttentionPlan.of(offsets_of(lengths), mask=causal() & window(33) & same_user())
    rough = [torch.randn(sum(lengths), 2, 16).bfloat16() for _ in range(3)]
    exact = run("reference", plan, [x.float() for x in rough])
    for ours, truth in zip(run(name, plan, rough), exact, strict=True):
        assert ours.dtype == torch.bfloat16
        assert (ours.float() - truth).norm() < 0.02 * truth.norm()


@settings(max_examples=25, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=4))
def test_the_dense_kernel_equals_the_reference_in_cross_attention(pairs: list[tuple[int, int]]) -> None:
    torch.manual_seed(0)
    query, source = ([pair[side] for pair in pairs] for side in (0, 1))
    plan = AttentionPlan.of(offsets_of(query), mask=both_ways() & same_user(), source=offsets_of(source))
    qkv = [torch.randn(sum(rows), 2, 4) for rows in (query, source, source)]
    for ours, truth in zip(run("dense", plan, qkv), run("reference", plan, qkv), strict=True):
        torch.testing.assert_close(ours, truth, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("mask", MASKS, ids=lambda mask: mask.name)
def test_packed_equals_one_user_at_a_time(mask: Mask) -> None:
    torch.manual_seed(0)
    lengths, attention = [3, 0, 1, 5], Attention(8, heads=2)
    offsets = offsets_of(lengths)
    x = torch.randn(sum(lengths), 8)
    together = attention(x, plan=AttentionPlan.of(offsets, mask=mask))
    for user, length in enumerate(lengths):
        own = slice(int(offsets[user]), int(offsets[user + 1]))
        alone = attention(x[own], plan=AttentionPlan.of(torch.tensor([0, length]), mask=mask))
        torch.testing.assert_close(together[own], alone)


@pytest.mark.parametrize("name", KERNELS)
def test_no_gradient_comes_from_a_later_event_or_another_user(name: str) -> None:
    plan = AttentionPlan.of(torch.tensor([0, 4, 7]), mask=BANDED)
    q, k, v = (torch.randn(7, 1, 4, requires_grad=True) for _ in range(3))
    select(plan, name)(q, k, v, plan)[1].sum().backward()  # type: ignore[arg-type]
    for x in (k, v):
        assert x.grad is not None
        assert (x.grad[2:] == 0).all(), "event 1 of user 0 must not depend on what comes later"


@pytest.mark.parametrize("name", KERNELS)
def test_no_gradient_comes_from_outside_the_window(name: str) -> None:
    plan = AttentionPlan.of(torch.tensor([0, 5, 205]), mask=causal() & window(40) & same_user())
    q, k, v = (torch.randn(205, 1, 4, requires_grad=True) for _ in range(3))
    select(plan, name)(q, k, v, plan)[[100, 7]].sum().backward()  # type: ignore[arg-type]
    for x in (k, v):
        assert x.grad is not None
        seen = x.grad.abs().sum((1, 2)).nonzero()[:, 0].tolist()
        assert seen == [5, 6, 7, *range(61, 101)], "40 events up to 100, and of user 1's first three all"


def test_the_reference_is_what_torch_computes() -> None:
    q, k, v = (torch.randn(6, 2, 4) for _ in range(3))
    plan = AttentionPlan.of(torch.tensor([0, 6]), mask=causal() & same_user())
    theirs = torch.nn.functional.scaled_dot_product_attention(
        *(x.transpose(0, 1) for x in (q, k, v)), is_causal=True
    )
    torch.testing.assert_close(reference.attend(q, k, v, plan), theirs.transpose(0, 1))
