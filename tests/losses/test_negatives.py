"""Negatives are drawn by a power of popularity, and every item can be drawn."""

from __future__ import annotations

import numpy as np
import torch

from regard.losses.negatives import NegativeSampler


def test_each_item_stands_for_its_draws_over_the_expected_ones() -> None:
    torch.manual_seed(0)
    drawn = NegativeSampler(np.array([16, 1]), size=100_000, power=0.5, uniform=0.2).draw()
    assert drawn.item_K.tolist() == [0, 1]
    torch.testing.assert_close(drawn.log_weight_K.exp(), torch.ones(2), rtol=0.01, atol=0)
    expected = 100_000 * torch.tensor([0.8 * 4 / 5 + 0.2 / 2, 0.8 / 5 + 0.2 / 2])
    draws = drawn.log_weight_K.exp() * expected
    torch.testing.assert_close(draws, draws.round(), rtol=1e-4, atol=0)
    assert round(float(draws.sum())) == 100_000


def test_an_item_that_is_drawn_twice_comes_once() -> None:
    torch.manual_seed(0)
    drawn = NegativeSampler(np.array([1]), size=7).draw()
    assert drawn.item_K.tolist() == [0]
    torch.testing.assert_close(drawn.log_weight_K, torch.zeros(1))


def test_an_item_without_events_can_be_drawn() -> None:
    torch.manual_seed(0)
    assert 1 in NegativeSampler(np.array([5, 0]), size=1000).draw().item_K


def test_the_same_seed_draws_the_same() -> None:
    sampler = NegativeSampler(np.arange(1, 50), size=20)
    torch.manual_seed(3)
    first = sampler.draw().item_K
    torch.manual_seed(3)
    assert torch.equal(first, sampler.draw().item_K)
