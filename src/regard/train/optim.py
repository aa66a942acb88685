"""AdamW and its schedule."""

from __future__ import annotations

import math

import torch
from torch import nn

from regard.train.config import TrainConfig

__all__ = ["adamw", "rate"]


def adamw(model: nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov & Hutter, 2019); matrices decay, norms and biases do not."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=config.learning_rate, betas=(0.9, 0.98), fused=True
    )


def rate(config: TrainConfig, progress: float) -> float:
    """Return the learning rate at `progress` (0 to 1) of the schedule.

    Examples
    --------
    >>> config = TrainConfig(learning_rate=1.0, warmup=0.1)
    >>> rate(config, 0.05), round(rate(config, 0.55), 3), round(rate(config, 1.0), 3)
    (0.5, 0.5, 0.0)
    """
    if progress < config.warmup:
        return config.learning_rate * progress / config.warmup
    fallen = (progress - config.warmup) / (1 - config.warmup)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, fallen)))
