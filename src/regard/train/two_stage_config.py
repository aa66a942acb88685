"""TwoStageConfig: how a pipeline of retrieval and ranking is made from a log without impressions."""

from __future__ import annotations

import pydantic

from regard.config import Config
from regard.models.ranker import RankerConfig
from regard.train.config import TrainConfig
from regard.train.fitting import FitConfig

__all__ = ["SecondStageConfig", "TwoStageConfig"]


class SecondStageConfig(Config):
    """What comes after retrieval.

    Attributes
    ----------
    retrieval, popular, recent, similar
        How many items each source proposes: the retrieval model, popularity, what was popular lately, and
        item-to-item neighbours of the history's items. 0 leaves a source out; retrieval has to be there.
    recent_share
        What was popular lately counts in this share of the latest events.
    neighbours
        Of each item, for the source ``similar``.
    learns_from, validates_from
        Quantiles of the training events: from the first on they are the ranker's targets, from the second on
        validation. Where the log is split by last events, these are the last but one and the last instead.
    examples, examples_per_user
        At most so many targets of all users and of each.
    validation_examples
        At most so many choose the epoch and the weight.
    hard, random
        Negatives of each target: of its candidates, and of all other items.
    shape, train, batch_candidates
        Of the ranker, its schedule, and how many candidates a step has.
    """

    retrieval: int = pydantic.Field(default=200, ge=1)
    popular: int = pydantic.Field(default=30, ge=0)
    recent: int = pydantic.Field(default=30, ge=0)
    similar: int = pydantic.Field(default=50, ge=0)
    recent_share: float = pydantic.Field(default=1 / 16, gt=0, le=1)
    neighbours: int = pydantic.Field(default=50, ge=1)
    learns_from: float = pydantic.Field(default=0.8, gt=0, lt=1)
    validates_from: float = pydantic.Field(default=0.9, gt=0, lt=1)
    examples: int = pydantic.Field(default=20_000, ge=1)
    examples_per_user: int = pydantic.Field(default=50, ge=1)
    validation_examples: int = pydantic.Field(default=1_000, ge=1)
    hard: int = pydantic.Field(default=40, ge=1)
    random: int = pydantic.Field(default=10, ge=0)
    shape: RankerConfig = RankerConfig()
    train: TrainConfig = TrainConfig(epochs=8, patience=2, learning_rate=2e-3)
    batch_candidates: int = pydantic.Field(default=2_048, ge=1)

    @pydantic.model_validator(mode="after")
    def _in_order(self) -> SecondStageConfig:
        if self.learns_from >= self.validates_from:
            raise ValueError(f"learns_from must be less than validates_from = {self.validates_from:g}")
        return self


class TwoStageConfig(FitConfig):
    """The whole configuration of a pipeline: that of retrieval, and what comes after it.

    Attributes
    ----------
    second
        Candidates, ranker, and what it learns from.
    """

    second: SecondStageConfig = SecondStageConfig()

    @property
    def first(self) -> FitConfig:
        """The configuration of the retrieval model alone."""
        return FitConfig(**{name: getattr(self, name) for name in FitConfig.model_fields})
