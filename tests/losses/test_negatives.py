"""Negatives are drawn by a power of popularity, and every item can be drawn."""

from __future__ import annotations

import numpy as np
import torch

from regard.losses.negatives import NegativeSampler


def test_frequencies_are_those_of_the_proposal() -> None:
    torch.manual_seed(0)
    drawn = NegativeSampler(np.array([16, 1]), size=100_000, power=0.5, uniform=0.2).draw()
    expected = 0.8 * 4 / 5 + 0.2 / 2
    assert abs(float((drawn.item_K == 0).float().mean()) - expected) < 0.01
    torch.testing.assert_close(
        drawn.log_expected_K[drawn.item_K == 0][0].exp() / 100_000, torch.tensor(expected), rtol=1e-4, atol=0
    )


def test_an_item_without_events_can_be_drawn() -> None:
    torch.manual_seed(0)
    assert 1 in NegativeSampler(np.array([5, 0]), size=1000).draw().item_K


def test_the_same_seed_draws_the_same() -> None:
    sampler = NegativeSampler(np.arange(1, 50), size=20)
    torch.manual_seed(3)
    first = sampler.draw().item_K
    torch.manual_seed(3)
    assert torch.equal(first, sampler.draw().item_K)
