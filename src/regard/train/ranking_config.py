"""RankingConfig: how a ranker is made from a log of impressions, apart from the log."""

from __future__ import annotations

from typing import Any, Literal

import pydantic

from regard.config import Config
from regard.data.feedback import FeedbackKind
from regard.data.fields import Fields
from regard.data.split import SplitSpec
from regard.models.calibration import CalibrationKind
from regard.models.ranker import RankerConfig
from regard.train.config import TrainConfig

__all__ = ["HistoryKind", "RankingConfig"]

HistoryKind = Literal["auto", "given", "none"] | FeedbackKind


class RankingConfig(Config):
    """The whole configuration of a ranker.

    Attributes
    ----------
    shape
        Of the ranker.
    train
        Schedule and optimiser.
    batch_candidates
        Candidates in a step.
    history
        What a user did before: ``"given"``, the histories of the log; ``"shown"``, all earlier impressions
        with what came of them; ``"clicked"``, those with a click; ``"none"``; ``"auto"``: given ones where
        the log has them, else what was shown where users and times are known.
    rates
        Whether, with ``history="shown"`` or ``"given"``, the rates and counts of item and user known at a
        request are read.
    likeness
        Whether, where there are histories, it is read how a candidate went together with their items.
    actions
        What is predicted; none: all labels of the log.
    weights
        What an action counts in the loss; 1 for those that are not named.
    objective
        What is learned: ``"each"``, how likely each candidate is by itself; ``"list"``, which candidate of an
        impression it was, where the propensities of the impressions are those of drawing negatives.
    position
        Whether a term for the position, where it is known, is learned in training and left out afterwards.
    validation
        Where the impressions are cut for early stopping and calibration.
    metric
        What chooses the epoch, of the first action: AUC, AUC per user (weighted by candidates) or log-loss.
    calibration
        How logits become probabilities, fitted on validation.
    fields
        Kinds of the columns of items and users, and under ``events`` of the further columns of the log, where
        they should not be guessed.
    """

    shape: RankerConfig = RankerConfig()
    train: TrainConfig = TrainConfig(epochs=10, patience=3, learning_rate=2e-3, average=0.2)
    batch_candidates: int = pydantic.Field(default=256, ge=1)
    history: HistoryKind = "auto"
    rates: bool = True
    likeness: bool = True
    actions: tuple[str, ...] = ()
    weights: dict[str, float] = pydantic.Field(default_factory=dict)
    objective: Literal["each", "list"] = "each"
    position: bool = True
    validation: SplitSpec = SplitSpec()
    metric: Literal["auc", "gauc", "log_loss"] = "auc"
    calibration: CalibrationKind = "platt"
    fields: Fields = Fields()

    @pydantic.field_validator("fields", mode="before")
    @classmethod
    def _as_written(cls, given: Any) -> Any:
        """Take the short form that a person writes: ``{"items": {"brand": "category"}}``."""
        written = isinstance(given, dict) and any(isinstance(part, dict) for part in given.values())
        return Fields.parse(given) if written else given
