"""Warm start of a model folder: the same model, trained on for a moment with what has happened since.

A shop trains anew now and then, and goes on from the last model in between. Its configuration and its coders
stay, so that a colour has the number that it had; items and users that are new are learned of. It knows no
recipe.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl

from regard.additions import as_type
from regard.config import RunOptions
from regard.data.dataset import Dataset
from regard.data.media import Media
from regard.data.split import SplitSpec, hold_out
from regard.data.target import EVENT_TYPE
from regard.data.vocab import Vocab
from regard.errors import ConfigError, SplitError
from regard.model import Model
from regard.models.context import ContextSpec
from regard.pipeline import TwoStageModel
from regard.train.describing import Description
from regard.train.fitting import FitConfig, Watch
from regard.train.warm import TITLE, Before, go_on

__all__ = ["check_warm_start", "share_of_epochs", "warm_start"]

_SOURCE = "the table of items"
_SHARE = 4  # a fourth of the epochs of the old model's last pass


def warm_start(
    old: Model,
    dataset: Dataset,
    config: FitConfig,
    *,
    split: SplitSpec,
    options: RunOptions,
    watch: Watch | None = None,
    media: Media | None = None,
) -> Model:
    """Return a model of a longer log that goes on from the weights of an old one.

    Parameters
    ----------
    old
        The model, as `load` returns it; it is unchanged.
    dataset
        The whole log, old events and new. Attributes of items that it lacks are those of the old model.
    config
        That of the old model, with other settings of the training; `share_of_epochs` has a number of epochs.
    split
        What is held out for `Model.evaluate`: later than all that the old model learned from.
    options, watch, media
        As in `regard.api.fit`.

    Raises
    ------
    ConfigError
        If the old model cannot be trained on, or the configuration changes its shape.
    SplitError
        If what is held out is not later than what the old model has learned from.
    """
    _check(old, config)
    dataset = dataset.asking(config.target)
    train = hold_out(dataset, split).train
    _check_later(old, dataset, train)
    described = _described(old, dataset, media or Media(config=config.content))
    before = Before(model=old.network, items=old.dataset.items, weights=old.blend.weights)
    fitted = go_on(
        before,
        train,
        config,
        options=options,
        watch=watch or Watch(),
        columns=described.columns,
        context=_context(old, dataset),
    )
    assert fitted.refit is not None
    return Model(
        network=fitted.model,
        blend=fitted.blend,
        dataset=dataset,
        train=train,
        split=split,
        config=config,
        options=options,
        training=[{"phase": TITLE, **epoch} for epoch in fitted.refit.history],
        interrupted=fitted.interrupted,
        items=described,
    )


def check_warm_start(old: Model) -> None:
    """Refuse what cannot be trained on, before a log is read.

    Raises
    ------
    ConfigError
        If it is a two-stage model, or one that reads attributes of users.
    """
    if isinstance(old, TwoStageModel):
        raise ConfigError(
            "a two-stage model cannot be warm-started: start its retrieval model (recipe quality or fast) "
            "warm, or train the two stages anew"
        )
    if old.network.context.spec.users:
        raise ConfigError("a model that reads attributes of users cannot be warm-started; train it anew")


def share_of_epochs(old: Model) -> int:
    """Return a fourth of the epochs of the old model's last full training, at least one."""
    phases = [str(epoch["phase"]) for epoch in old.training]
    full = [phase for phase in phases if phase != TITLE]
    if not full:
        return max(1, len(phases))
    return max(1, math.ceil(full.count(full[-1]) / _SHARE))


def _check(old: Model, now: FitConfig) -> None:
    check_warm_start(old)
    before = old.config
    changed = [
        name
        for name in before.shape.keys() | now.shape.keys()
        if before.shape.get(name) != now.shape.get(name)
    ]
    if before.model != now.model or changed:
        name = f"shape.{min(changed)}" if changed else "model"
        raise ConfigError(
            f"a warm start keeps the shape of the model: leave the setting {name!r} out, or train anew"
        )


def _check_later(old: Model, dataset: Dataset, train: Dataset) -> None:
    """Refuse a test of events that the old weights may have seen."""
    if dataset.num_events == train.num_events:
        return
    learned = old.train.histories
    last = int(learned.time[learned.stop[learned.lengths > 0] - 1].max())
    whole, kept = dataset.histories, train.histories
    cut_U = whole.stop - (whole.lengths - kept.lengths)
    tested = int(whole.time[cut_U[cut_U < whole.stop]].min())
    if tested <= last:
        raise SplitError(
            f"the old model has learned from events until {np.datetime64(last, 'us')}, and what is held out "
            f"begins at {np.datetime64(tested, 'us')}: an evaluation would ask for what it knows. Hold out "
            "later events (--split time:DATE with a later date), or nothing (--split none)"
        )


def _described(old: Model, dataset: Dataset, media: Media) -> Description:
    """Return the attributes of the log's items, coded as the old model's were."""
    if not old.items.columns:
        return Description()
    encoded = old.items.coders.encode_counted(_table(old.dataset, dataset), source=_SOURCE, content=media)
    return replace(old.items, columns=encoded.columns, reports=encoded.reports)


def _table(old: Dataset, dataset: Dataset) -> pl.DataFrame:
    """Return the columns of the old table for the items of the log, with old values where it has none."""
    ids = dataset.items.ids.rename("item_id").cast(old.item_table["item_id"].dtype).to_frame()
    table = ids.join(old.item_table, on="item_id", how="left", maintain_order="left")
    given = dataset.item_table
    columns = [
        table[name]
        if name not in given.columns or name == "item_id"
        else as_type(given[name], table[name].dtype).zip_with(given[name].is_not_null(), table[name])
        for name in table.columns
    ]
    return pl.DataFrame(columns)


def _context(old: Model, dataset: Dataset) -> ContextSpec:
    """Return the old model's fields of events, with the codes of the new log."""
    spec, categories = old.network.context.spec, {}
    for name, own_C1 in spec.categories.items():
        before, now = _vocab(old.dataset, name), _vocab(dataset, name)
        place_C = before.encode(now.ids)
        own_C = np.where(place_C >= 0, own_C1[place_C], 0)
        categories[name] = np.append(own_C, 0).astype(np.int64)
    lacking = [name for name in spec.numbers if name not in dataset.histories.fields]
    if lacking:
        raise ConfigError(_lacks(lacking[0]))
    return replace(spec, categories=categories)


def _vocab(dataset: Dataset, name: str) -> Vocab:
    vocab = dataset.event_types if name == EVENT_TYPE else dataset.event_vocabs.get(name)
    if vocab is None:
        raise ConfigError(_lacks(name))
    return vocab


def _lacks(name: str) -> str:
    return (
        f"the old model reads the column {name!r} of events, and this log was read without it: give it "
        "(--event-field) as before"
    )
