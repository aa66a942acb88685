"""The book of recipes: names on the command line, and how settings of the caller change them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from regard.config import Config
from regard.data.dataset import Dataset
from regard.errors import ConfigError
from regard.recipes.sequential import sequential, sequential_fast, sequential_tiny
from regard.recipes.trades import ads, ecommerce, news
from regard.recipes.two_stage import two_stage, two_stage_tiny
from regard.train.fitting import FitConfig

__all__ = ["RECIPES", "parse_settings", "recipe_for", "with_settings"]

_WHOLE = ("target", "fields", "content")

Changed = TypeVar("Changed", bound=Config)
Recipe = Callable[[Dataset], FitConfig]
RECIPES: Mapping[str, Recipe] = {
    "sequential": sequential,
    "quality": sequential,
    "fast": sequential_fast,
    "sequential-tiny": sequential_tiny,
    "ecommerce": ecommerce,
    "news": news,
    "ads": ads,
    "two-stage": two_stage,
    "two-stage-tiny": two_stage_tiny,
}


def recipe_for(name: str, train: Dataset, *, settings: Mapping[str, Any] | None = None) -> FitConfig:
    """Return the configuration of the recipe `name` for a training log.

    Parameters
    ----------
    name
        One of `RECIPES`.
    train
        What is learned from; sizes follow from it.
    settings
        Changes by name: ``{"epochs": 5}``, or by path where a name is not unique:
        ``{"train.epochs": 5}``.

    Raises
    ------
    ConfigError
        If there is no such recipe or setting, naming the nearest, or a value is out of range.
    """
    if name not in RECIPES:
        near = difflib.get_close_matches(name, list(RECIPES), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(RECIPES)}"
        raise ConfigError(f"there is no recipe {name!r}; {hint}")
    return with_settings(RECIPES[name](train), settings or {})


def with_settings(config: Changed, settings: Mapping[str, Any]) -> Changed:
    """Return a configuration with some settings changed, by name or by path; see `recipe_for`."""
    document = config.to_json()
    for key, value in settings.items():
        *rooms, leaf = _path(document, key)
        inside = document
        for room in rooms:
            inside = inside[room]
        inside[leaf] = value
    return type(config).from_json(document)


def parse_settings(pairs: list[str]) -> dict[str, Any]:
    """Make settings from what a command line gives: ``["epochs=5", "shape.width=128"]``.

    Raises
    ------
    ConfigError
        If a pair has no ``=``.

    Examples
    --------
    >>> parse_settings(["epochs=5", "kind=sampled"])
    {'epochs': 5, 'kind': 'sampled'}
    """
    settings: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set {pair!r}: write a setting as name=value, for instance epochs=5")
        try:
            settings[key.strip()] = json.loads(text)
        except json.JSONDecodeError:
            settings[key.strip()] = text
    return settings


def _path(document: Mapping[str, Any], key: str) -> list[str]:
    """Find a setting by its path, or by its name alone where only one has it; some are one as a whole."""
    if key in _WHOLE:
        return [key]
    paths = _paths(document)
    found = [path for path in paths if ".".join(path) == key] or [path for path in paths if path[-1] == key]
    if len(found) == 1:
        return found[0]
    names = [".".join(path) for path in (found or paths)]
    if found:
        raise ConfigError(f"the setting {key!r} is not unique: say {' or '.join(names)}")
    leaves = {path[-1]: ".".join(path) for path in paths} | {name: name for name in names}
    near = difflib.get_close_matches(key, list(leaves), n=1)
    hint = f"did you mean {leaves[near[0]]!r}?" if near else f"there are: {', '.join(names)}"
    raise ConfigError(f"there is no setting {key!r}; {hint}")


def _paths(document: Mapping[str, Any]) -> list[list[str]]:
    paths = []
    for name, value in document.items():
        if isinstance(value, Mapping):
            paths += [[name, *rest] for rest in _paths(value)]
        else:
            paths.append([name])
    return paths
