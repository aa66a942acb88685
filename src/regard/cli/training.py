"""What ``regard fit``, ``regard evaluate EVENTS`` and ``regard demo`` do alike: prepare a log and train."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.cli.options import hooks_on, progress_on

if TYPE_CHECKING:
    from rich.console import Console

    from regard.config import RunOptions
    from regard.data.fields import Fields
    from regard.model import Model

__all__ = ["TrainingRequest", "begin_work", "clear_work", "save", "train"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest:
    """What a command line asked for.

    Parameters
    ----------
    events, items, users
        Paths of the tables.
    columns, settings
        Pairs ``name=value``.
    recipe, split
        As typed.
    options
        Seed, device, precision, threads.
    drop_bad_rows
        Whether rows that cannot be used are dropped.
    work
        Folder of the run: prepared log, checkpoints, log of epochs. None: everything in memory.
    resume
        Whether to go on from what lies in `work`.
    target, type_weights
        Types of events that are asked for, as typed, and pairs ``type=weight``.
    event_fields
        Further columns of the events, ``name`` or ``name=kind``.
    warm_start
        Folder of a model to go on from.
    """

    events: Path
    items: Path | None
    users: Path | None
    columns: list[str]
    recipe: str
    settings: list[str]
    split: str
    options: RunOptions
    drop_bad_rows: bool
    work: Path | None
    resume: bool = False
    target: str | None = None
    type_weights: list[str] = field(default_factory=list)
    event_fields: list[str] = field(default_factory=list)
    fields: Fields | None = None
    content: bool = False
    warm_start: Path | None = None


def train(request: TrainingRequest, console: Console) -> Model:
    """Prepare the log, say what was understood, and train; what is refused at once leaves nothing behind."""
    from regard.errors import RegardError

    begin_work(request.work, console, resume=request.resume)
    try:
        return _train(request, console)
    except RegardError:
        work = request.work
        if work is not None and not any((work / name).exists() for name in ("search", "refit", "warm")):
            clear_work(work)
        raise


def save(model: Model, output: Path, *, work: Path, console: Console, index: bool | None = None) -> None:
    """Save a model and say what can be done next; an interrupted run can go on from `work`.

    Parameters
    ----------
    model, output, work
        What is saved, where, and the folder of its run.
    console
        Says what is done.
    index
        Whether it gets an index for approximate search; None: if its catalogue is large enough.
    """
    model.save(output)
    if index is not False and not model.interrupted:
        _add_index(model, output, console=console, asked=bool(index))
    if model.interrupted:
        console.print(
            f"stopped early; the best model so far is in {output}. To go on, run the same command again "
            "with --resume"
        )
    else:
        clear_work(work)
        console.print(f"the model is in {output}; next: regard evaluate {output}")


def _add_index(model: Model, output: Path, *, console: Console, asked: bool) -> None:
    """Save the model, which is in its folder already, with an index; without one it is searched exactly."""
    from regard.errors import ConfigError, MissingExtraError
    from regard.pipeline import TwoStageModel
    from regard.recommend.approx import ApproxConfig

    size = len(model.dataset.items)
    if not asked and (isinstance(model, TwoStageModel) or not ApproxConfig().wanted(size)):
        return
    console.print(f"{size:,} items: building an index for approximate search (--no-index leaves it out)")
    try:
        made = model.indexed()
    except (MissingExtraError, ConfigError) as error:
        if asked:
            raise
        console.print(f"no index: {error}. The model searches every item", markup=False)
        return
    made.save(output)
    assert made.index is not None
    recall = made.index.record.recall
    said = "" if recall is None else f"; recall@10 against exact search: {recall:.3f}"
    console.print(f"the index reads {made.index.record.probes} of {made.index.record.lists} lists{said}")


def clear_work(work: Path) -> None:
    """Remove the folder of a run that ended well; what is not of the run stays."""
    passes = ("search", "refit", "warm", "early", "later", "ranking search", "ranking refit", "ranker")
    for name in ("data", *passes):
        shutil.rmtree(work / name, ignore_errors=True)
    (work / "training.jsonl").unlink(missing_ok=True)
    if work.is_dir() and not any(work.iterdir()):
        work.rmdir()


def begin_work(work: Path | None, console: Console, *, resume: bool) -> None:
    """Make the folder of a run, and say what becomes of an interrupted one that lies there."""
    if work is None:
        return
    if resume and not work.exists():
        console.print(f"[yellow]note:[/] there is no interrupted run at {work}; starting a new one")
    elif work.exists() and not resume:
        console.print(
            f"[yellow]note:[/] the interrupted run at {work} is left behind; --resume would go on with it"
        )
        clear_work(work)
    work.mkdir(parents=True, exist_ok=True)


def _train(request: TrainingRequest, console: Console) -> Model:
    from regard.api import Run, beside, fit_dataset, load
    from regard.data.media import Media
    from regard.data.prepare import PrepareOptions, prepare
    from regard.data.schema import parse_columns
    from regard.data.split import SplitSpec
    from regard.data.target import TargetSpec
    from regard.recipes.book import parse_settings
    from regard.train.fitting import Watch

    old = None if request.warm_start is None else load(request.warm_start)
    split = SplitSpec.parse(request.split)
    given = request.target is not None or request.type_weights
    target = TargetSpec.parse(request.target, request.type_weights) if given else None
    settings = {**_of_tables(request), **parse_settings(request.settings)}
    work = request.work
    options = PrepareOptions(on_bad="drop" if request.drop_bad_rows else "error")
    prepared = prepare(
        request.events,
        items=request.items,
        users=request.users,
        columns=parse_columns(request.columns).changed(event_fields=_event_fields(request)),
        folder=None if work is None else work / "data",
        options=options,
    )
    report = prepared.report
    console.print(
        f"{report.source}: {report.events:,} events of {report.users:,} users with {report.items:,} items, "
        f"{report.time.first} to {report.time.last}"
    )
    for warning in report.warnings:
        console.print(f"[yellow]note:[/] {warning}")
    if report.item_table is not None and report.item_table.without_events:
        count = report.item_table.without_events
        console.print(
            f"[yellow]note:[/] {count:,} items of {request.items} have no event yet: "
            "regard items add MODEL ITEMS makes them recommendable afterwards",
            soft_wrap=True,
        )
    log = None if work is None else work / "training.jsonl"
    watch = Watch(hooks=hooks_on(console, log), folder=work, resume=request.resume)
    media = Media(progress=progress_on(console, "reading texts and images"))
    run = beside(Run(options=request.options, watch=watch, media=media, warm_start=old), request.items)
    return fit_dataset(
        prepared.dataset, recipe=request.recipe, settings=settings, split=split, target=target, run=run
    )


def _event_fields(request: TrainingRequest) -> list[str]:
    """Return the further columns of events that are asked for, also by a kind that is said of them."""
    said = () if request.fields is None else request.fields.events
    return [*request.event_fields, *(f"{one.name}={one.kind}" for one in said if one.kind != "ignore")]


def _of_tables(request: TrainingRequest) -> dict[str, Any]:
    """Return the settings that say how the tables of items and users are read."""
    from regard.content.config import ContentConfig

    settings: dict[str, Any] = {}
    if request.fields is not None and (request.fields.items or request.fields.users):
        settings["fields"] = request.fields.to_json()
    if request.content:
        settings["content"] = ContentConfig().to_json()
    return settings
