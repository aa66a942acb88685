"""The loss of several actions: missing labels ask nothing, weights weigh, positions cancel on average."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from regard.losses.multitask import PositionBias, multitask_loss


def test_it_is_binary_cross_entropy_where_all_is_known() -> None:
    torch.manual_seed(0)
    logit, label = torch.randn(5, 2), torch.randint(0, 2, (5, 2)).float()
    loss = multitask_loss(logit, label)
    assert loss.count == 10
    torch.testing.assert_close(loss.mean(), F.binary_cross_entropy_with_logits(logit, label))


def test_a_label_that_is_not_known_has_no_loss_and_no_gradient() -> None:
    logit = torch.randn(3, 2, requires_grad=True)
    label = torch.tensor([[1.0, torch.nan], [torch.nan, torch.nan], [0.0, 1.0]])
    loss = multitask_loss(logit, label)
    loss.mean().backward()
    assert loss.count == 3
    assert logit.grad is not None
    assert logit.grad.isfinite().all()
    assert ((logit.grad == 0) == label.isnan()).all()


def test_an_action_counts_what_its_weight_says() -> None:
    logit, label = torch.randn(4, 2), torch.ones(4, 2)
    weighted = multitask_loss(logit, label, torch.tensor([1.0, 3.0]))
    one, two = (multitask_loss(logit[:, [place]], label[:, [place]]) for place in (0, 1))
    torch.testing.assert_close(weighted.total, one.total + 3 * two.total)
    assert weighted.count == 16


def test_no_known_label_at_all_is_a_loss_of_zero() -> None:
    assert float(multitask_loss(torch.zeros(2, 1), torch.full((2, 1), torch.nan)).mean()) == 0


def test_positions_cancel_on_average_over_those_of_training() -> None:
    position = np.array([0, 0, 0, 1, 2, 2])
    bias = PositionBias(position, actions=2)
    with torch.no_grad():
        bias.weight.normal_()
    given = bias(torch.from_numpy(position))
    torch.testing.assert_close(given.mean(0), torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(bias(torch.tensor([7])), bias(torch.tensor([2])))


def test_what_was_clicked_for_its_place_is_put_down_to_the_place() -> None:
    rng = np.random.default_rng(0)
    position = torch.from_numpy(rng.integers(0, 2, 4_000))
    chance = torch.where(position == 0, 0.6, 0.2)
    label = torch.from_numpy((rng.random(4_000) < chance.numpy()).astype(np.float32))[:, None]
    bias = PositionBias(position.numpy(), actions=1)
    level = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([*bias.parameters(), level], lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        multitask_loss(level + bias(position), label).mean().backward()
        optimizer.step()
    top, below = (torch.sigmoid(level + bias(torch.tensor([place]))).item() for place in (0, 1))
    assert abs(top - 0.6) < 0.05
    assert abs(below - 0.2) < 0.05
