"""Names of models as they stand in configurations and model folders, and how to build one."""

from __future__ import annotations

from typing import Any

from regard.errors import ConfigError
from regard.models.causal import CausalConfig, CausalModel
from regard.models.context import ContextSpec
from regard.models.items import ItemFeatures

__all__ = ["MODELS", "build"]

MODELS = ("causal",)


def build(
    name: str,
    settings: dict[str, Any],
    *,
    num_items: int,
    features: ItemFeatures | None = None,
    context: ContextSpec | None = None,
) -> CausalModel:
    """Build the model called `name`, with fresh weights, for items, events and users with attributes.

    Raises
    ------
    ConfigError
        If there is no such model, or a setting does not fit it.
    """
    if name not in MODELS:
        raise ConfigError(f"there is no model {name!r}; there are: {', '.join(MODELS)}")
    config = CausalConfig.from_json(settings)
    return CausalModel(config, num_items=num_items, features=features, context=context)
