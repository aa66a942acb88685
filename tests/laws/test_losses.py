"""Laws of the losses: the chunked softmax is the plain one, the sampled one estimates it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from regard.losses.base import Loss
from regard.losses.negatives import Negatives, NegativeSampler
from regard.losses.sampled import SampledSoftmax
from regard.losses.softmax import FullSoftmax
from regard.nn.heads import Catalogue

ITEMS, PADDED = 10, 16


def problem(dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randn(7, 4, dtype=dtype, requires_grad=True), torch.randint(ITEMS, (7,))


@pytest.mark.parametrize("chunk", [1, PADDED, 3 * PADDED, 1 << 20])
@pytest.mark.parametrize("with_bias", [False, True])
def test_the_full_softmax_equals_cross_entropy_in_value_and_gradient(chunk: int, with_bias: bool) -> None:
    results = []
    for chunked in (True, False):
        states, target = problem()
        weight = torch.randn(PADDED, 4).requires_grad_()
        bias = torch.randn(PADDED).requires_grad_() if with_bias else None
        if chunked:
            catalogue = Catalogue(weight_PD=weight, bias_P=bias, size=ITEMS)
            total = FullSoftmax(chunk_logits=chunk)(states, target, catalogue).total
        else:
            logits = states @ weight[:ITEMS].T + (0 if bias is None else bias[:ITEMS])
            total = F.cross_entropy(logits, target, reduction="sum")
        (3 * total).backward()
        grads = [states.grad, weight.grad, *([] if bias is None else [bias.grad])]
        results.append([total.detach(), *(grad for grad in grads if grad is not None)])
    for ours, truth in zip(*results, strict=True):
        torch.testing.assert_close(ours, truth)


def test_the_full_softmax_passes_gradcheck() -> None:
    states, target = problem(torch.float64)
    weight = torch.randn(PADDED, 4, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(PADDED, dtype=torch.float64, requires_grad=True)

    def total(states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        catalogue = Catalogue(weight_PD=weight, bias_P=bias, size=ITEMS)
        return FullSoftmax(chunk_logits=3 * PADDED)(states, target, catalogue).total

    assert torch.autograd.gradcheck(total, (states, weight, bias))


def test_under_autocast_the_full_softmax_stays_close_to_the_exact_one() -> None:
    states, target = problem()
    catalogue = Catalogue(weight_PD=torch.randn(PADDED, 4), bias_P=None, size=ITEMS)
    exact = FullSoftmax()(states, target, catalogue).total
    with torch.autocast("cpu", dtype=torch.bfloat16):
        fast = FullSoftmax()(states, target, catalogue).total
    assert fast.dtype == torch.float32
    torch.testing.assert_close(fast, exact, rtol=0.02, atol=0.02)


def test_rows_of_the_padding_get_no_probability_and_no_gradient() -> None:
    states, target = problem()
    weight = torch.full((PADDED, 4), 50.0).requires_grad_()
    loss = FullSoftmax()(states, target, Catalogue(weight_PD=weight, bias_P=None, size=ITEMS))
    loss.total.backward()
    torch.testing.assert_close(loss.mean(), torch.tensor(float(np.log(ITEMS))), rtol=1e-4, atol=1e-4)
    assert weight.grad is not None
    assert (weight.grad[ITEMS:] == 0).all()


class Given:
    """Draws what it was given, every time."""

    def __init__(self, drawn: Negatives) -> None:
        self.drawn = drawn

    def draw(self, device: object = "cpu") -> Negatives:
        return self.drawn


DRAWN = Negatives(item_K=torch.tensor([0, 3, 4, 8]), log_weight_K=torch.tensor([0.3, -1.0, 2.0, 0.0]))


@pytest.mark.parametrize("chunk", [1, 9, 1 << 20])
@pytest.mark.parametrize("with_bias", [False, True])
def test_the_sampled_softmax_equals_cross_entropy_over_what_was_drawn(chunk: int, with_bias: bool) -> None:
    results = []
    for chunked in (True, False):
        states, target = problem()
        weight = torch.randn(PADDED, 4).requires_grad_()
        bias = torch.randn(PADDED).requires_grad_() if with_bias else None
        catalogue = Catalogue(weight_PD=weight, bias_P=bias, size=ITEMS)
        if chunked:
            total = SampledSoftmax(Given(DRAWN), chunk_logits=chunk)(states, target, catalogue).total  # type: ignore[arg-type]
        else:
            negative = catalogue.scores_shared(states, DRAWN.item_K) + DRAWN.log_weight_K
            negative = negative.masked_fill(target[:, None] == DRAWN.item_K, float("-inf"))
            logits = torch.cat([catalogue.scores_of(states, target)[:, None], negative], dim=1)
            total = F.cross_entropy(logits, torch.zeros_like(target), reduction="sum")
        (3 * total).backward()
        grads = [states.grad, weight.grad, *([] if bias is None else [bias.grad])]
        results.append([total.detach(), *(grad for grad in grads if grad is not None)])
    for ours, truth in zip(*results, strict=True):
        torch.testing.assert_close(ours, truth)


def test_the_sampled_softmax_passes_gradcheck() -> None:
    states, target = problem(torch.float64)
    weight = torch.randn(PADDED, 4, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(PADDED, dtype=torch.float64, requires_grad=True)
    loss = SampledSoftmax(Given(DRAWN), chunk_logits=15)  # type: ignore[arg-type]

    def total(states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return loss(states, target, Catalogue(weight_PD=weight, bias_P=bias, size=ITEMS)).total

    assert torch.autograd.gradcheck(total, (states, weight, bias))


def test_under_autocast_the_sampled_softmax_stays_close_to_the_exact_one() -> None:
    states, target = problem()
    catalogue = Catalogue(weight_PD=torch.randn(PADDED, 4), bias_P=None, size=ITEMS)
    loss = SampledSoftmax(Given(DRAWN))  # type: ignore[arg-type]
    exact = loss(states, target, catalogue).total
    with torch.autocast("cpu", dtype=torch.bfloat16):
        fast = loss(states, target, catalogue).total
    assert fast.dtype == torch.float32
    torch.testing.assert_close(fast, exact, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("power", [0.0, 0.75])
def test_the_sampled_softmax_approaches_the_full_one_as_samples_grow(power: float) -> None:
    states, target = problem()
    catalogue = Catalogue(weight_PD=torch.randn(PADDED, 4), bias_P=None, size=ITEMS)
    exact = FullSoftmax()(states, target, catalogue).mean()
    counts = np.array([50, 20, 10, 5, 5, 2, 2, 1, 1, 1])
    sampler = NegativeSampler(counts, size=50_000, power=power)
    sampled = SampledSoftmax(sampler)(states, target, catalogue).mean()
    torch.testing.assert_close(sampled, exact, rtol=0.02, atol=0.02)


def test_without_the_correction_popular_negatives_would_be_punished() -> None:
    """The logQ law: whatever the proposal, the gradient points where the full softmax points."""
    states, target = problem()
    weight = torch.randn(PADDED, 4)
    directions = []
    for loss in (
        FullSoftmax(),
        SampledSoftmax(NegativeSampler(np.array([1000, *[1] * 9]), size=50_000, power=1.0)),
    ):
        table = weight.clone().requires_grad_()
        loss(states.detach(), target, Catalogue(weight_PD=table, bias_P=None, size=ITEMS)).total.backward()
        assert table.grad is not None
        directions.append(table.grad.flatten())
    assert F.cosine_similarity(*directions, dim=0) > 0.99


LOSSES = [FullSoftmax(chunk_logits=2 * PADDED), SampledSoftmax(Given(DRAWN), chunk_logits=9)]  # type: ignore[arg-type]
WEIGHT = torch.tensor([1.0, 0.0, 0.3, 2.0, 0.0, 1.0, 0.5])


def learned(loss: Loss, place: Tensor, weight_M: Tensor | None) -> list[Tensor]:
    """The mean loss of some positions, and its gradients."""
    states, target = problem()
    torch.manual_seed(1)
    weight = torch.randn(PADDED, 4).requires_grad_()
    bias = torch.randn(PADDED).requires_grad_()
    catalogue = Catalogue(weight_PD=weight, bias_P=bias, size=ITEMS)
    result = loss(states[place], target[place], catalogue, weight_M)
    result.mean().backward()
    grads = [parameter.grad for parameter in (states, weight, bias)]
    return [result.total.detach(), *(grad for grad in grads if grad is not None)]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_position_of_weight_zero_is_no_position(loss: Loss) -> None:
    every, some = torch.arange(7), torch.nonzero(WEIGHT)[:, 0]
    for ours, truth in zip(learned(loss, every, WEIGHT), learned(loss, some, WEIGHT[some]), strict=True):
        torch.testing.assert_close(ours, truth)


@pytest.mark.parametrize("loss", LOSSES)
def test_weights_count_what_as_many_positions_would(loss: Loss) -> None:
    many = torch.tensor([0, 2, 2, 2, 5])
    weighted = learned(loss, torch.tensor([0, 2, 5]), torch.tensor([1.0, 3.0, 1.0]))
    for ours, truth in zip(weighted, learned(loss, many, None), strict=True):
        torch.testing.assert_close(ours, truth)


@pytest.mark.parametrize("loss", LOSSES)
def test_weights_of_one_are_none(loss: Loss) -> None:
    every = torch.arange(7)
    for ours, truth in zip(learned(loss, every, torch.ones(7)), learned(loss, every, None), strict=True):
        torch.testing.assert_close(ours, truth, rtol=0, atol=0)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_weighted_loss_passes_gradcheck(loss: Loss) -> None:
    states, target = problem(torch.float64)
    weight = torch.randn(PADDED, 4, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(PADDED, dtype=torch.float64, requires_grad=True)

    def total(states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return loss(
            states, target, Catalogue(weight_PD=weight, bias_P=bias, size=ITEMS), WEIGHT.double()
        ).total

    assert torch.autograd.gradcheck(total, (states, weight, bias))
