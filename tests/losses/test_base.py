"""Losses are sums and counts, so that batches can be added before one division."""

from __future__ import annotations

import pytest
import torch

from regard.losses.base import LossSum


def test_the_mean_divides_once() -> None:
    assert float(LossSum(total=torch.tensor(6.0), count=3).mean()) == 2.0
    assert float(LossSum(total=torch.tensor(0.0), count=0).mean()) == 0.0


def test_the_mean_of_weighted_positions_divides_by_their_weights() -> None:
    assert float(LossSum(total=torch.tensor(0.6), count=0.2).mean()) == pytest.approx(3.0)
