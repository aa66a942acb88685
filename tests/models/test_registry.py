"""Models are built by name."""

from __future__ import annotations

import pytest

from regard.errors import ConfigError
from regard.models.registry import MODELS, build


@pytest.mark.parametrize("name", MODELS)
def test_every_name_builds_a_model(name: str) -> None:
    assert build(name, {"width": 8}, num_items=5).catalogue().size == 5


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="'gru'; there are: causal"):
        build("gru", {}, num_items=5)
