"""Recipes and settings are found by name, or answered with the nearest."""

from __future__ import annotations

import pytest

from regard.errors import ConfigError
from regard.model import Model
from regard.recipes.book import parse_settings, recipe_for


def test_a_setting_is_changed_by_its_name_or_its_path(model: Model) -> None:
    settings = {"epochs": 3, "shape.width": 16}
    config = recipe_for("sequential", model.train, settings=settings)
    assert (config.train.epochs, config.shape["width"]) == (3, 16)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("sequental", {}, "did you mean 'sequential'"),
        ("sequential", {"epoch": 3}, r"did you mean 'train\.epochs'"),
        ("sequential", {"epochs": 0}, r"TrainConfig\.epochs = 0"),
    ],
)
def test_mistakes_are_named(model: Model, name: str, settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        recipe_for(name, model.train, settings=settings)


def test_a_pair_needs_an_equals_sign() -> None:
    with pytest.raises(ConfigError, match="name=value"):
        parse_settings(["epochs"])
