"""The sequential recipe: a causal transformer over a user's events.

Sizes follow from the log, so that nobody has to type one.
"""

from __future__ import annotations

from regard.data.dataset import Dataset
from regard.data.loader import LoaderConfig
from regard.losses.choose import LossConfig
from regard.models.causal import CausalConfig
from regard.train.blending import BlendConfig
from regard.train.config import TrainConfig
from regard.train.fitting import FitConfig
from regard.train.memories import MemoryConfig

__all__ = ["sequential", "sequential_tiny"]


def sequential(train: Dataset) -> FitConfig:
    """Return the configuration for a training log."""
    events = train.num_events
    big = events >= 500_000
    shape = CausalConfig(
        width=128 if big else 64,
        max_length=200 if big else 50,
        dropout=0.2 if big else 0.3,
        embedding_dropout=0.2 if big else 0.3,
    )
    # About a hundred steps make an epoch, so that small logs are not read in a handful of steps.
    batch_events = min(max(events // 100, 256), 16_384)
    return FitConfig(
        shape=shape.to_json(),
        loader=LoaderConfig(window=shape.max_length, batch_events=batch_events),
        train=TrainConfig(epochs=15, patience=4),
    )


def sequential_tiny(train: Dataset) -> FitConfig:
    """Return the same in small, for tests: seconds on one core."""
    shape = CausalConfig(width=32, blocks=1, heads=1, max_length=20, dropout=0.1, embedding_dropout=0.1)
    return FitConfig(
        shape=shape.to_json(),
        loader=LoaderConfig(window=20, batch_events=1024),
        loss=LossConfig(),
        train=TrainConfig(epochs=10, learning_rate=5e-3, patience=10),
        blend=BlendConfig(memory=MemoryConfig(items=1_000, neighbours=50), examples=200),
    )
