"""Warm start: training goes on from the weights of a trained model, on a log with more events and more ids.

Every weight is carried over, rows of ids by the ids themselves; new ids start as in a fresh model. One short
pass over the whole log follows, its learning rate rising and falling once, and what is weighed beside the
model keeps its weights and is fitted to the new log. Nothing is validated: the events that validation would
ask for are, or may be, events that the old weights have seen. It knows no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from regard.config import RunOptions
from regard.data.columns import Column
from regard.data.dataset import Dataset
from regard.data.vocab import Vocab
from regard.errors import ConfigError
from regard.models.blend import BlendWeights
from regard.models.causal import CausalModel
from regard.models.context import ContextSpec
from regard.models.items import ItemFeatures
from regard.models.registry import build
from regard.train.fitting import FitConfig, Fitted, Watch, blend_on, train_pass

__all__ = ["TITLE", "Before", "go_on"]

TITLE = "warm"
_IDS = ("items.ids.weight", "items.weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a training goes on from.

    Parameters
    ----------
    model
        The trained model; it stays as it is.
    items
        The ids of its items.
    weights
        Of what is weighed beside it.
    """

    model: CausalModel
    items: Vocab
    weights: BlendWeights


def go_on(
    before: Before,
    train: Dataset,
    config: FitConfig,
    *,
    options: RunOptions,
    watch: Watch,
    columns: Mapping[str, Column],
    context: ContextSpec,
) -> Fitted:
    """Train on from the weights of `before`.

    Parameters
    ----------
    before
        The trained model.
    train, config
        The whole log, and how often to go over it: ``config.train.epochs``.
    options, watch
        As in `fit_model`.
    columns, context
        What is known of items, events and users, coded as the old model's were.

    Raises
    ------
    ConfigError
        If the configuration has another shape than the old model.
    """
    features = ItemFeatures(columns=columns, trained_V=train.item_counts > 0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        model = build(
            config.model, config.shape, num_items=len(train.items), features=features, context=context
        )
    _carry_over(before, model, train.items)
    done = train_pass(model, train, config, options, watch=watch, title=TITLE, validate=None)
    return Fitted(
        model=model,
        blend=blend_on(model, train, before.weights, config.blend),
        search=None,
        refit=done,
        validation_examples=0,
        validation=None,
    )


def _carry_over(before: Before, model: CausalModel, items: Vocab) -> None:
    """Copy the weights into a model of another catalogue."""
    fresh, old = model.state_dict(), before.model.state_dict()
    place_V = before.items.encode(items.ids)
    known_V = place_V >= 0
    if not known_V.any():
        raise ConfigError(
            f"none of the {len(items):,} items of the log is known to the old model, whose ids are like "
            f"{before.items.ids[0]!r}: give a log of the same items, or train anew"
        )
    ours, theirs = torch.from_numpy(np.flatnonzero(known_V)), torch.from_numpy(place_V[known_V]).long()
    weights = {}
    for name, tensor in fresh.items():
        rows = 1 if name in _IDS else 0  # these may have become more
        if name not in old or old[name].shape[rows:] != tensor.shape[rows:]:
            raise ConfigError(
                f"the old model has no weights like {name!r} of shape {tuple(tensor.shape)}: a warm start "
                "keeps the shape of the model and the columns that it reads; train anew to change them"
            )
        weights[name] = tensor.clone() if name in _IDS else old[name]
        if name in _IDS:
            weights[name][ours] = old[name][theirs]
    model.load_state_dict(weights)
