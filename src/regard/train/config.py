"""TrainConfig: how a model is trained, apart from what it is and what it is trained on."""

from __future__ import annotations

from typing import Literal

import pydantic

from regard.config import Config

__all__ = ["TrainConfig"]


class TrainConfig(Config):
    """Schedule and optimiser.

    Attributes
    ----------
    epochs
        Passes over the data that the schedule is laid out for.
    stop_after
        Passes after which training ends, although the schedule goes on; None: all of them.
    patience
        Validations without improvement after which training ends.
    learning_rate, weight_decay, clip_norm
        Of AdamW; vectors such as norms and biases do not decay.
    warmup
        Share of the schedule in which the rate rises.
    schedule
        ``"cosine"``: the rate then falls along a cosine to zero; ``"constant"``: it stays.
    average
        Share of the steps so far over which the weights are averaged: what is validated and kept is the
        average. 0 takes the weights as they are.
    row_wise_from
        Tables of this many ids or more are moved by rows, only those that a step has read, by Adam without
        momentum and with one second moment for a row; smaller ones by AdamW.
    part_events
        Inputs that go through the model at once: a larger batch is worked through in parts whose gradients
        add up, so that its memory is that of a part. Sampled negatives are drawn for each part.
    checkpoint_seconds
        Time between two checkpoints within an epoch.
    """

    epochs: int = pydantic.Field(default=20, ge=1)
    stop_after: int | None = pydantic.Field(default=None, ge=1)
    patience: int = pydantic.Field(default=5, ge=1)
    learning_rate: float = pydantic.Field(default=1e-3, gt=0)
    weight_decay: float = pydantic.Field(default=0.01, ge=0)
    clip_norm: float = pydantic.Field(default=1.0, gt=0)
    warmup: float = pydantic.Field(default=0.05, ge=0, lt=1)
    schedule: Literal["cosine", "constant"] = "cosine"
    average: float = pydantic.Field(default=0.0, ge=0, lt=1)
    row_wise_from: int = pydantic.Field(default=50_000, ge=1)
    part_events: int = pydantic.Field(default=8_192, ge=1)
    checkpoint_seconds: float = pydantic.Field(default=60.0, gt=0)
