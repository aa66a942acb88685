"""Losses are sums and counts, so that batches can be added before one division."""

from __future__ import annotations

import torch

from regard.losses.base import LossSum


def test_the_mean_divides_once() -> None:
    assert float(LossSum(total=torch.tensor(6.0), count=3).mean()) == 2.0
    assert float(LossSum(total=torch.tensor(0.0), count=0).mean()) == 0.0
