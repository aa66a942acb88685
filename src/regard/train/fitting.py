"""fit_model: from a training log to a trained model, with validation cut the same way as the test.

Two passes. The first trains on the earlier part of the log and watches NDCG@10 on the rest, on the
path that serves; it tells how many epochs are good. The second trains a fresh model that many epochs on
the whole log, since the latest events are the ones that matter most. It knows no file of the caller and
no recipe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pydantic
import torch

from regard.config import Config, RunOptions
from regard.content.config import ContentConfig
from regard.data.columns import Column
from regard.data.dataset import Dataset
from regard.data.fields import Fields
from regard.data.loader import LoaderConfig, WindowLoader
from regard.data.split import Holdout, SplitSpec
from regard.data.target import TargetSpec, until_last_target
from regard.losses.choose import LossConfig, make_loss
from regard.models.blend import Blend, BlendWeights
from regard.models.causal import CausalConfig, CausalModel
from regard.models.context import ContextSpec
from regard.models.items import ItemFeatures
from regard.models.lending import lent
from regard.models.registry import build
from regard.recommend.serving import recommender_of
from regard.train.blending import BlendConfig, find_weights, make_blend, make_parts
from regard.train.config import TrainConfig
from regard.train.contexts import context_of
from regard.train.examples import examples_of, validation_of
from regard.train.hooks import Hook
from regard.train.trainer import Trainer, TrainResult

__all__ = ["FitConfig", "Fitted", "Watch", "blend_on", "fit_model", "train_pass"]

_REFIT_FROM = 0.02
_VALIDATION_EXAMPLES = 2_500


class FitConfig(Config):
    """A whole configuration: what is trained, on what, how.

    Attributes
    ----------
    model, shape
        Name of the model and its own settings.
    loader, loss, train
        Of the batches, the loss, the schedule.
    blend
        What is weighed beside the model.
    refit
        Whether a fresh model is trained on everything once the number of epochs is known; ``"auto"``: unless
        validation kept back less than 2 % of the events, which are not worth as much time again.
    fields
        Kinds of the columns of the table of items that a person said; the others are guessed.
    attributes
        Whether the model reads the table of items at all.
    content
        Encoders that make vectors of the table's texts and images; None: texts are bags of words, and images
        are left out.
    target
        Which types of events are asked for; by default all. The log that is trained on has to know it too
        (`Dataset.asking`).
    """

    model: str = "causal"
    shape: dict[str, Any] = pydantic.Field(default_factory=dict)
    loader: LoaderConfig = LoaderConfig()
    loss: LossConfig = LossConfig()
    train: TrainConfig = TrainConfig()
    blend: BlendConfig = BlendConfig()
    refit: bool | Literal["auto"] = "auto"
    fields: Fields | None = None
    attributes: bool = True
    content: ContentConfig | None = None
    target: TargetSpec = TargetSpec()

    @pydantic.field_validator("fields", mode="before")
    @classmethod
    def _as_written(cls, said: object) -> object:
        """Take fields also as a person writes them: ``{"items": {"brand": "category"}}``."""
        tables = said.values() if isinstance(said, Mapping) else ()
        return Fields.parse(said) if any(isinstance(table, Mapping) for table in tables) else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What goes on around the training while it runs.

    Parameters
    ----------
    hooks
        Makes the listeners of a pass, from its title and its greatest number of epochs.
    folder
        Where checkpoints go; None: none are written.
    resume
        Whether to go on from the checkpoints in `folder`.
    """

    hooks: Callable[[str, int], Sequence[Hook]] = field(default=lambda title, epochs: ())
    folder: Path | None = None
    resume: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A trained model and how it came about.

    Parameters
    ----------
    model
        In evaluation mode.
    blend
        What is weighed beside it.
    search
        The pass with validation; None if the log left nobody to validate on.
    refit
        The pass on everything; None if there was none.
    validation_examples
        Number of targets that validation asked for.
    validation
        NDCG@10 of model and blend on validation; None without one.
    """

    model: CausalModel
    blend: Blend
    search: TrainResult | None
    refit: TrainResult | None
    validation_examples: int
    validation: float | None

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the training early."""
        return any(result is not None and result.interrupted for result in (self.search, self.refit))


def fit_model(
    train: Dataset,
    config: FitConfig,
    *,
    split: SplitSpec,
    options: RunOptions,
    watch: Watch | None = None,
    columns: Mapping[str, Column] | None = None,
) -> Fitted:
    """Train a model on `train`.

    Parameters
    ----------
    train, config
        The log to learn from; what to train and how.
    split
        How validation is cut off the log; ``none`` cuts it by time.
    options
        Seed, device, precision.
    watch
        Progress and checkpoints.
    columns
        Attributes of the items, V rows each.

    Raises
    ------
    TrainingError
        If the loss is not finite.
    """
    watch, columns, held = watch or Watch(), columns or {}, validation_of(train, split)
    context = context_of(train, CausalConfig.from_json(config.shape).context, said=config.fields)
    features = _Features(columns=columns, context=context)
    if held is None:
        return _without_validation(train, config, options, watch=watch, features=features)
    model = _fresh(held.train, config, options, features)
    asked = examples_of(held, train, most=_VALIDATION_EXAMPLES)
    search = train_pass(
        model,
        held.train,
        config,
        options,
        watch=watch,
        title="search",
        validate=lambda: asked.ndcg(recommender_of(model, known=held.train, train=held.train, new=False)),
    )
    weighed = find_weights(model, held, train, config.blend)
    refit = None
    if _wants_refit(config, held, train) and not search.interrupted:
        model = _fresh(train, config, options, features)
        until = config.changed(train=config.train.changed(stop_after=search.best_epoch))
        refit = train_pass(model, train, until, options, watch=watch, title="refit", validate=None)
    return Fitted(
        model=model,
        blend=blend_on(model, train, weighed.weights, config.blend),
        search=search,
        refit=refit,
        validation_examples=len(asked),
        validation=weighed.value,
    )


def blend_on(model: CausalModel, train: Dataset, weights: BlendWeights, config: BlendConfig) -> Blend:
    """Return what is weighed beside the model, fitted to the whole log."""
    blend = make_blend(make_parts(train, config, wanted=weights), weights, num_items=len(train.items))
    return lent(blend, model.items)


def _wants_refit(config: FitConfig, held: Holdout, train: Dataset) -> bool:
    kept_back = 1 - held.train.num_events / train.num_events
    return kept_back >= _REFIT_FROM if config.refit == "auto" else config.refit


def _without_validation(
    train: Dataset, config: FitConfig, options: RunOptions, *, watch: Watch, features: _Features
) -> Fitted:
    """Train once, on a log that leaves nobody to validate on."""
    model = _fresh(train, config, options, features)
    alone = train_pass(model, train, config, options, watch=watch, title="refit", validate=None)
    return Fitted(
        model=model,
        blend=Blend.none(len(train.items)),
        search=None,
        refit=alone,
        validation_examples=0,
        validation=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Features:
    """What is known beside who had which item when: the same in every pass."""

    columns: Mapping[str, Column]
    context: ContextSpec


def _fresh(train: Dataset, config: FitConfig, options: RunOptions, features: _Features) -> CausalModel:
    items = ItemFeatures(columns=features.columns, trained_V=train.item_counts > 0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        size, context = len(train.items), features.context
        return build(config.model, config.shape, num_items=size, features=items, context=context)


def train_pass(
    model: CausalModel,
    train: Dataset,
    config: FitConfig,
    options: RunOptions,
    *,
    watch: Watch,
    title: str,
    validate: Callable[[], float] | None,
) -> TrainResult:
    """Train a model on a log once; checkpoints and progress go by `title`."""
    trainer = Trainer(
        model,
        loader=WindowLoader(
            until_last_target(train.histories, train.targets), config.loader, seed=options.seed
        ),
        loss=make_loss(config.loss, train.item_counts),
        config=config.train,
        options=options,
        targets=train.targets,
    )
    epochs = min(config.train.epochs, config.train.stop_after or config.train.epochs)
    return trainer.run(
        hooks=watch.hooks(title, epochs),
        validate=validate,
        folder=None if watch.folder is None else watch.folder / title,
        fingerprint=_fingerprint(train, model, config, options),
        resume=watch.resume,
    )


def _fingerprint(train: Dataset, model: CausalModel, config: FitConfig, options: RunOptions) -> str:
    """Name data, configuration and seed: only the same run may resume from a checkpoint."""
    digest = hashlib.sha256(config.model_dump_json().encode() + options.model_dump_json().encode())
    histories = train.histories
    for array in (
        histories.start,
        histories.stop,
        histories.item,
        histories.time,
        *histories.fields.values(),
        *(data.cpu().numpy() for data in model.buffers()),
    ):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
