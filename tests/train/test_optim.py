"""The rate rises, then falls along a cosine; vectors do not decay."""

from __future__ import annotations

import pytest
import torch

from regard.train.config import TrainConfig
from regard.train.optim import adamw, rate


@pytest.mark.parametrize(
    ("progress", "expected"), [(0.0, 0.0), (0.1, 1.0), (0.2, 2.0), (0.6, 1.0), (1.0, 0.0)]
)
def test_the_schedule_warms_up_and_cools_down(progress: float, expected: float) -> None:
    config = TrainConfig(learning_rate=2.0, warmup=0.2)
    assert rate(config, progress) == pytest.approx(expected, abs=1e-9)


def test_without_warm_up_it_starts_at_the_top() -> None:
    assert rate(TrainConfig(learning_rate=2.0, warmup=0.0), 0.0) == 2.0


def test_matrices_decay_and_vectors_do_not() -> None:
    groups = adamw(torch.nn.Linear(3, 2), TrainConfig(weight_decay=0.5)).param_groups
    assert [(group["weight_decay"], len(group["params"])) for group in groups] == [(0.5, 1), (0.0, 1)]
