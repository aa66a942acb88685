"""Settings of training are checked when they are made."""

from __future__ import annotations

import pytest

from regard.errors import ConfigError
from regard.train.config import TrainConfig


@pytest.mark.parametrize(
    "settings", [{"epochs": 0}, {"learning_rate": 0.0}, {"warmup": 1.0}, {"patience": -1}]
)
def test_values_out_of_range_are_named(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=rf"TrainConfig\.{next(iter(settings))} = "):
        TrainConfig(**settings)


def test_a_misspelt_setting_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'epochs'"):
        TrainConfig(epoch=3)  # type: ignore[call-arg]
