"""Encoders have defaults that the extra installs; limits are checked."""

from __future__ import annotations

import pytest

from regard.content.config import ContentConfig
from regard.errors import ConfigError


def test_a_configuration_survives_json() -> None:
    config = ContentConfig(text="my-encoder", frames=4)

    assert ContentConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("wrong", [{"batch": 0}, {"temperature": 0.0}, {"text": ""}, {"imagee": "x"}])
def test_a_setting_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        ContentConfig.from_json({**ContentConfig().to_json(), **wrong})
