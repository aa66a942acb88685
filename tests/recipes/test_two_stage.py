"""The two-stage recipe is the sequential one with a second stage, and its settings have paths."""

from __future__ import annotations

import pytest

from regard.errors import ConfigError
from regard.model import Model
from regard.recipes.book import recipe_for
from regard.recipes.sequential import sequential
from regard.recipes.two_stage import two_stage, two_stage_tiny
from regard.train.two_stage_config import TwoStageConfig


def test_its_first_stage_is_the_sequential_recipe(coloured: Model) -> None:
    assert two_stage(coloured.train).first == sequential(coloured.train)
    assert two_stage_tiny(coloured.train).second.retrieval < two_stage(coloured.train).second.retrieval


def test_settings_of_both_stages_are_changed_by_their_paths(coloured: Model) -> None:
    settings = {"hard": 7, "second.train.epochs": 3, "train.epochs": 2}
    config = recipe_for("two-stage", coloured.train, settings=settings)
    assert isinstance(config, TwoStageConfig)
    assert (config.second.hard, config.second.train.epochs, config.train.epochs) == (7, 3, 2)
    with pytest.raises(ConfigError, match=r"say train\.epochs or second\.train\.epochs"):
        recipe_for("two-stage", coloured.train, settings={"epochs": 2})
