"""The verbs: fit, load, evaluate. They only compose; recommending, explaining and saving are `Model`'s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from regard.config import RunOptions
from regard.data.dataset import Dataset
from regard.data.media import Media
from regard.data.prepare import PrepareOptions, prepare
from regard.data.schema import Columns
from regard.data.split import SplitSpec, hold_out
from regard.data.tables import Source
from regard.data.target import TargetSpec
from regard.errors import ConfigError
from regard.evaluation.protocol import EvaluateOptions
from regard.evaluation.report import Report
from regard.model import Model
from regard.pipeline_keep import load_any
from regard.recipes.book import recipe_for, with_settings
from regard.train.describing import Description, describe_items
from regard.train.fitting import FitConfig, Watch, fit_model
from regard.train.two_stage_config import TwoStageConfig
from regard.two_stage import add_second_stage
from regard.warm_start import check_warm_start, share_of_epochs, warm_start

__all__ = ["Run", "beside", "evaluate", "fit", "fit_dataset", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How `fit` runs, apart from what it trains.

    Parameters
    ----------
    options
        Seed, device, precision, threads.
    prepare
        What happens to rows that cannot be used and to repeated events.
    watch
        Progress and checkpoints.
    folder
        Where to keep the prepared log, so that it need not fit in memory; None: in memory.
    media
        Where the files are that the table of items names, and how far their encoding has come.
    warm_start
        A model, or its folder, to go on from (`regard.warm_start`): its configuration and its weights are
        kept, and a quarter of its epochs are trained; ``settings={"epochs": 5}`` says another number.
    """

    options: RunOptions = field(default_factory=RunOptions)
    prepare: PrepareOptions = field(default_factory=PrepareOptions)
    watch: Watch = field(default_factory=Watch)
    folder: Path | None = None
    media: Media = field(default_factory=Media)
    warm_start: Model | str | Path | None = None


def fit(
    events: Source,
    *,
    items: Source | None = None,
    users: Source | None = None,
    columns: Columns | Mapping[str, Any] | None = None,
    recipe: str | FitConfig = "sequential",
    settings: Mapping[str, Any] | None = None,
    split: str | SplitSpec = "time",
    run: Run | None = None,
) -> Model:
    """Train a model on an event log.

    Parameters
    ----------
    events
        A path (Parquet, CSV, TSV, gzipped or not, a folder of Parquet files) or a Polars, pandas or
        Arrow table, with the columns ``user_id``, ``item_id`` and ``timestamp``.
    items, users
        Likewise, one row per id. The columns of the items are attributes that the model reads, and a column
        ``title`` is shown with them; ``settings={"fields": {"items": {"brand": "category"}}}`` says the kind
        of a column (`regard.data.fields`) where the guess is wrong, ``{"attributes": False}`` leaves all out.
    columns
        The caller's names of columns: ``{"user_id": "CustomerID"}``; ``{"event_fields": ["Quantity"]}`` reads
        further columns of the events.
    recipe
        Name of a recipe, or a whole configuration.
    settings
        Changes to the recipe by name: ``{"epochs": 5}``; ``{"target": "purchase"}`` asks for events of this
        type (or of several) alone, where the log has several, and still reads all.
    split
        What is held out for `Model.evaluate`: ``"time"``, ``"time:0.8"``, ``"time:2011-11-01"``,
        ``"leave-last-out"`` or ``"none"``.
    run
        Seed, device, progress, checkpoints.

    Raises
    ------
    DataError
        If the log cannot be used; file, column, row and value are named.
    ConfigError
        If a recipe or setting does not exist.
    """
    run = run or Run()
    prepared = prepare(
        events, items=items, users=users, columns=columns, folder=run.folder, options=run.prepare
    )
    return fit_dataset(
        prepared.dataset, recipe=recipe, settings=settings, split=split, run=beside(run, items)
    )


def beside(run: Run, items: Source | None) -> Run:
    """Return the run with the folder of the table of items, to which the files that it names belong."""
    if run.media.folder is not None or not isinstance(items, str | Path):
        return run
    path = Path(items).expanduser()
    return replace(run, media=replace(run.media, folder=path if path.is_dir() else path.parent))


def fit_dataset(
    dataset: Dataset,
    *,
    recipe: str | FitConfig = "sequential",
    settings: Mapping[str, Any] | None = None,
    split: str | SplitSpec = "time",
    target: TargetSpec | str | Sequence[str] | None = None,
    run: Run | None = None,
) -> Model:
    """Train a model on a log that is already prepared; see `fit`.

    The recipe ``"two-stage"`` gives a `regard.pipeline.Pipeline`, unless Ctrl-C ended its retrieval early.

    `target` names the types of events that are asked for; None leaves it to recipe and settings.
    """
    import torch

    run = run or Run()
    spec = SplitSpec.parse(split) if isinstance(split, str) else split
    if run.options.threads is not None:
        torch.set_num_threads(run.options.threads)
    chosen = TargetSpec.of(target)
    if run.warm_start is not None:
        return _warm(dataset, run=run, recipe=recipe, settings=settings or {}, split=spec, target=chosen)
    dataset = dataset.asking(chosen)
    train = hold_out(dataset, spec).train
    config = recipe if isinstance(recipe, FitConfig) else recipe_for(recipe, train, settings=settings)
    if target is None and config.target != chosen:  # the recipe names types: cut the log for them
        return fit_dataset(
            dataset, recipe=recipe, settings=settings, split=spec, target=config.target, run=run
        )
    config = config.changed(target=chosen)
    media = replace(run.media, config=config.content)
    described = describe_items(train, said=config.fields, media=media) if config.attributes else Description()
    fitted = fit_model(
        train, config, split=spec, options=run.options, watch=run.watch, columns=described.columns
    )
    phases = {"search": fitted.search, "refit": fitted.refit}
    model = Model(
        network=fitted.model,
        blend=fitted.blend,
        dataset=dataset,
        train=train,
        split=spec,
        config=config.first if isinstance(config, TwoStageConfig) else config,
        options=run.options,
        training=[
            {"phase": phase, **epoch}
            for phase, result in phases.items()
            if result is not None
            for epoch in result.history
        ],
        interrupted=fitted.interrupted,
        items=described,
    )
    if not isinstance(config, TwoStageConfig) or model.interrupted:
        return model
    return add_second_stage(model, config.second, watch=run.watch)


def _warm(
    dataset: Dataset,
    *,
    run: Run,
    recipe: str | FitConfig,
    settings: Mapping[str, Any],
    split: SplitSpec,
    target: TargetSpec,
) -> Model:
    """Go on from a model; what is given has to agree with how it was trained."""
    assert run.warm_start is not None
    old = run.warm_start if isinstance(run.warm_start, Model) else load(run.warm_start)
    if recipe != "sequential":
        raise ConfigError("a warm start keeps the recipe of the old model: leave the recipe out")
    if target not in (TargetSpec(), old.config.target):
        raise ConfigError("a warm start keeps the target of the old model: leave the target out")
    check_warm_start(old)
    train = old.config.train.changed(epochs=share_of_epochs(old), stop_after=None)
    config = with_settings(old.config.changed(train=train), settings)
    media = replace(run.media, config=config.content)
    return warm_start(old, dataset, config, split=split, options=run.options, watch=run.watch, media=media)


def load(folder: str | Path) -> Model:
    """Read a model folder that `Model.save` wrote; every byte is checked first.

    A folder of the recipe ``"two-stage"`` gives a `regard.pipeline.Pipeline`, which is a Model too.

    Raises
    ------
    ArtifactError
        If the folder is no model, or is damaged, incomplete or of a newer format.
    """
    return load_any(folder)


def evaluate(
    model: Model | str | Path, *, options: EvaluateOptions | None = None, baselines: bool = True
) -> Report:
    """Evaluate a model, or the one in a folder, on what was held out; see `Model.evaluate`."""
    held = model if isinstance(model, Model) else load(model)
    return held.evaluate(options=options, baselines=baselines)
