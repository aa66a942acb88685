"""The sequential recipe: a causal transformer over a user's events, an item memory and the trend beside it.

Sizes and schedule follow from the log, so that nobody has to type one. They are what was best on validation
(never on a test) over five public logs; `benchmarks/ablation.py` says what each choice is worth.
"""

from __future__ import annotations

import numpy as np

from regard.data.dataset import Dataset
from regard.data.loader import LoaderConfig
from regard.losses.choose import LossConfig
from regard.models.causal import CausalConfig
from regard.train.blending import BlendConfig
from regard.train.config import TrainConfig
from regard.train.fitting import FitConfig
from regard.train.memories import MemoryConfig

__all__ = ["sequential", "sequential_fast", "sequential_tiny"]


def sequential(train: Dataset) -> FitConfig:
    """Return the configuration for a training log."""
    events, items = train.num_events, max(1, int((train.item_counts > 0).sum()))
    lengths = train.histories.lengths
    longest = int(np.quantile(lengths[lengths > 0], 0.9)) if events else 1
    # With few events an item there is little to learn by heart but much to overfit; with many, the reverse.
    dropout = 0.4 if events < 40 * items else 0.3 if events < 500_000 else 0.2
    shape = CausalConfig(
        width=128 if events >= 500_000 or items >= 8_000 else 64,
        max_length=50 if longest <= 50 else 200,
        dropout=dropout,
        embedding_dropout=dropout,
        item_scale=0.05,
        gaps=True,
    )
    return FitConfig(
        shape=shape.to_json(),
        # A few hundred steps make an epoch, so that small logs are not read in a handful of steps.
        loader=LoaderConfig(window=shape.max_length, batch_events=min(max(events // 200, 256), 4_096)),
        loss=LossConfig(full_up_to=8_192),
        train=TrainConfig(
            epochs=30 if events < 500_000 else 16,
            # Validation stands still for several epochs: on a small log by chance, and where attributes,
            # which are learned in an epoch, wait for ids, which take many.
            patience=10,
            learning_rate=2e-3,
            average=0.1,
        ),
    )


def sequential_fast(train: Dataset) -> FitConfig:
    """Return the same with one block, half the width and half the epochs; it is measured just as honestly."""
    config = sequential(train)
    shape = CausalConfig(**config.shape)
    return config.changed(
        shape=shape.changed(width=shape.width // 2, blocks=1).to_json(),
        train=config.train.changed(epochs=config.train.epochs // 2),
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
