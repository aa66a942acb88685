"""``regard fit``: train a model on an event log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli import options as opt

__all__ = ["app", "fit"]

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def fit(
    events: opt.Events,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the model folder shall be.")],
    items: opt.Items = None,
    users: opt.Users = None,
    columns: opt.Columns = None,
    fields: opt.FieldsFile = None,
    field: opt.FieldPairs = None,
    content: opt.Content = False,
    event_field: opt.EventField = None,
    recipe: opt.Recipe = "sequential",
    settings: opt.Setting = None,
    split: opt.Split = "time",
    target: opt.Target = None,
    type_weight: opt.TypeWeight = None,
    seed: opt.Seed = 0,
    device: opt.Device = "cpu",
    precision: opt.Precision = "auto",
    threads: opt.Threads = None,
    drop_bad_rows: opt.DropBad = False,
    warm_start: Annotated[
        Path | None, typer.Option("--warm-start", help="Model folder whose weights to go on from.")
    ] = None,
    index: Annotated[
        bool | None,
        typer.Option("--index/--no-index", help="Approximate search; by default from 200,000 items."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
    as_json: opt.Json = False,
) -> None:
    """Train a model on an event log and save it as one folder.

    The log needs a user, an item and a time; other names are mapped:

        regard fit sales.parquet -o shop
        --columns user_id=CustomerID,item_id=StockCode,timestamp=InvoiceDate

    The columns of `--items` are attributes that the model reads, so that an item without a history can be
    recommended; `regard data check` shows how they are understood, `--field brand=category` overrules it.

    The latest tenth of the log is held out, so that `regard evaluate MODEL` can say how good the model
    is; `--split none` learns from everything, for serving. In a log of several types of events, `--target
    purchase` asks for purchases and reads everything; lists then leave out what was purchased, not what
    was only viewed. `--event-field Quantity` reads a further column of the log: what an event had beside
    its item. Ctrl-C keeps the best model so far, and `--resume` goes on.

    `--warm-start MODEL` goes on from a model of an earlier state of the log, with its settings, for a quarter
    of its epochs; new users and items are learned of.

    From 200,000 items on the model gets an index for approximate search (extra `approx`), whose recall is
    measured and said; `--index` builds one for any catalogue, `--no-index` none.
    """
    from regard.artifact import check_target
    from regard.cli.training import TrainingRequest, save, train
    from regard.config import RunOptions
    from regard.errors import ConfigError

    console = opt.messages()
    check_target(output)
    if index and recipe == "two-stage":
        raise ConfigError("a two-stage model searches its candidates exactly: leave --index out")
    work = output.absolute().with_name(output.absolute().name + ".work")
    options = RunOptions.from_json(
        {"seed": seed, "device": device, "precision": precision, "threads": threads}
    )
    model = train(
        TrainingRequest(
            events=events,
            items=items,
            users=users,
            columns=columns or [],
            event_fields=[pair for given in event_field or [] for pair in given.split(",")],
            fields=opt.said_fields(fields, field),
            content=content,
            recipe=recipe,
            settings=settings or [],
            split=split,
            target=target,
            type_weights=type_weight or [],
            options=options,
            drop_bad_rows=drop_bad_rows,
            work=work,
            resume=resume,
            warm_start=warm_start,
        ),
        console,
    )
    save(model, output, work=work, console=console, index=index)
    if as_json:
        opt.write_json({"model": str(output), "interrupted": model.interrupted, "training": model.training})
