"""Which loss for which catalogue."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pydantic

from regard.config import Config
from regard.losses.base import Loss
from regard.losses.negatives import NegativeSampler
from regard.losses.sampled import SampledSoftmax
from regard.losses.softmax import FullSoftmax

__all__ = ["LossConfig", "make_loss"]


class LossConfig(Config):
    """What is minimised.

    Attributes
    ----------
    kind
        ``"full"`` softmax over the whole catalogue, ``"sampled"`` softmax, or ``"auto"``: full up to
        `full_up_to` items.
    full_up_to
        Largest catalogue for which ``"auto"`` takes the full softmax.
    negatives
        Negatives of a step of the sampled softmax, shared by its positions.
    power
        Negatives are drawn by popularity to this power.
    """

    kind: Literal["auto", "full", "sampled"] = "auto"
    full_up_to: int = pydantic.Field(default=50_000, ge=1)
    negatives: int = pydantic.Field(default=2048, ge=1)
    power: float = pydantic.Field(default=0.75, ge=0, le=1)


def make_loss(config: LossConfig, counts_V: np.ndarray) -> Loss:
    """Return the loss for a catalogue whose items occur ``[V]`` `counts_V` times in training."""
    full = config.kind == "full" or (config.kind == "auto" and len(counts_V) <= config.full_up_to)
    if full:
        return FullSoftmax()
    return SampledSoftmax(NegativeSampler(counts_V, size=config.negatives, power=config.power))
