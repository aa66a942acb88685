"""The two-stage recipe: the sequential model retrieves, a ranker orders candidates of several sources."""

from __future__ import annotations

from regard.data.dataset import Dataset
from regard.models.ranker import RankerConfig
from regard.recipes.sequential import sequential, sequential_tiny
from regard.train.config import TrainConfig
from regard.train.fitting import FitConfig
from regard.train.two_stage_config import SecondStageConfig, TwoStageConfig

__all__ = ["two_stage", "two_stage_tiny"]


def two_stage(train: Dataset) -> TwoStageConfig:
    """Return the configuration for a training log."""
    return _after(sequential(train), SecondStageConfig())


def two_stage_tiny(train: Dataset) -> TwoStageConfig:
    """Return the same in small, for tests: seconds on one core."""
    second = SecondStageConfig(
        retrieval=20,
        popular=5,
        recent=5,
        similar=5,
        neighbours=10,
        examples=500,
        validation_examples=100,
        hard=8,
        random=4,
        shape=RankerConfig(width=8, heads=2, hidden=16, max_length=20),
        train=TrainConfig(epochs=1),
    )
    return _after(sequential_tiny(train), second)


def _after(first: FitConfig, second: SecondStageConfig) -> TwoStageConfig:
    return TwoStageConfig(**{name: getattr(first, name) for name in FitConfig.model_fields}, second=second)
