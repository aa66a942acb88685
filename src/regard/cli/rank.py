"""``regard rank``: rankers of impressions: what was shown, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli import options as opt

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Learn what comes of what is shown: fit a ranker on impressions, score candidates, evaluate it.",
)

Shown = Annotated[
    Path, typer.Argument(help="Table with a row for each shown item; with --log, a folder of original files.")
]
RankerFolder = Annotated[Path, typer.Argument(help="Folder that `regard rank fit` wrote.")]
Log = Annotated[
    str | None,
    typer.Option(
        "--log", help="IMPRESSIONS is a public log: mind, criteo, avazu, open-bandit-random-all ..."
    ),
]
Clicks = Annotated[
    Path | None, typer.Option("--clicks", help="Table of clicks: impression_id, item_id and perhaps action.")
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label", help="Action and your column of 0 and 1: click=is_clicked; repeat, or use commas."
    ),
]
Cut = Annotated[
    str,
    typer.Option(
        "--split",
        help="time:0.9 or a date: `fit` learns from what came before it, the others take what came then.",
    ),
]
Value = Annotated[
    str | None,
    typer.Option("--value", help='What a candidate is worth: "purchase*10 + click"; it decides the order.'),
]


@app.callback()
def _root() -> None:
    """Hold the subcommands."""


@app.command()
def fit(
    impressions: Shown,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the folder of the ranker shall be.")],
    log: Log = None,
    clicks: Clicks = None,
    items: opt.Items = None,
    users: opt.Users = None,
    columns: opt.Columns = None,
    label: Labels = None,
    fields: opt.FieldsFile = None,
    field: opt.FieldPairs = None,
    settings: opt.Setting = None,
    split: Cut = "none",
    seed: opt.Seed = 0,
    device: opt.Device = "cpu",
    threads: opt.Threads = None,
    drop_bad_rows: opt.DropBad = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
    as_json: opt.Json = False,
) -> None:
    """Train a ranker on impressions and save it as one folder.

    The log needs user_id, item_id, timestamp and a label (click, like, cart, purchase); rows of one
    impression_id were shown together. The latest tenth chooses the epoch and calibrates the probabilities.
    Ctrl-C keeps the best ranker so far, and `--resume` goes on.

        regard rank fit shown.parquet -o ranker --items items.parquet --label click=is_clicked
    """
    from regard.artifact import check_target
    from regard.cli.impressions import ShownRequest, read_shown
    from regard.cli.training import begin_work, clear_work
    from regard.config import RunOptions
    from regard.ranking import fit_ranker
    from regard.recipes.book import parse_settings, with_settings
    from regard.train.fitting import Watch
    from regard.train.ranking_config import RankingConfig

    console = opt.messages()
    check_target(output)
    config = RankingConfig(fields=opt.said_fields(fields, field))
    config = with_settings(config, parse_settings(settings or []))
    request = ShownRequest(
        shown=impressions,
        log=log,
        clicks=clicks,
        columns=columns or [],
        labels=label or [],
        split=split,
        part="before",
        drop_bad_rows=drop_bad_rows,
    )
    shown = read_shown(request, console)
    work = output.absolute().with_name(output.absolute().name + ".work")
    begin_work(work, console, resume=resume)
    model = fit_ranker(
        shown.read,
        items=items or shown.items,
        users=users or shown.users,
        settings=config,
        options=RunOptions(seed=seed, device=device, threads=threads),
        watch=Watch(hooks=opt.hooks_on(console, None), folder=work, resume=resume),
    )
    model.save(output)
    if model.interrupted:
        console.print(
            f"stopped early; the best ranker so far is in {output}. To go on, run the same command again "
            "with --resume",
            markup=False,
        )
    else:
        clear_work(work)
        console.print(
            f"the ranker is in {output}; next: regard rank evaluate {output} IMPRESSIONS", markup=False
        )
    if as_json:
        actions = list(model.spec.actions)
        opt.write_json({"model": str(output), "actions": actions, "training": model.training})


@app.command()
def score(
    model: RankerFolder,
    impressions: Shown,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where all scores go: .parquet or .csv.")
    ] = None,
    value: Value = None,
    log: Log = None,
    columns: opt.Columns = None,
    split: Cut = "none",
    drop_bad_rows: opt.DropBad = False,
    as_json: opt.Json = False,
) -> None:
    """Say how likely each action is for each candidate, and rank the candidates of each impression.

    Labels need not be there; where they are, those of earlier impressions are what the user did before.
    Impressions are numbered from 1 in the order in which they first appear.
    """
    from regard.cli.impressions import ShownRequest, read_shown
    from regard.cli.ranked import scores_of, show_scores
    from regard.errors import ConfigError
    from regard.ranking import RankingModel

    if output is not None and output.suffix not in {".parquet", ".csv"}:
        raise ConfigError(f"--output {output}: write .parquet or .csv")
    console, held = opt.messages(), RankingModel.load(model)
    request = ShownRequest(
        shown=impressions, log=log, columns=columns or [], split=split, drop_bad_rows=drop_bad_rows
    )
    shown = read_shown(request, console, model=held, labelled=False).read.impressions
    frame = scores_of(held, shown, value)
    if output is not None:
        frame.write_parquet(output) if output.suffix == ".parquet" else frame.write_csv(output)
        console.print(f"{len(frame):,} scores are in {output}", markup=False)
    if as_json:
        opt.write_json(frame.to_dicts())
    elif output is None:
        show_scores(frame)


@app.command()
def evaluate(
    model: RankerFolder,
    impressions: Shown,
    *,
    value: Value = None,
    log: Log = None,
    clicks: Clicks = None,
    columns: opt.Columns = None,
    label: Labels = None,
    split: Cut = "none",
    drop_bad_rows: opt.DropBad = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write a page (.html) with a reliability plot too.")
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Measure a ranker on impressions that it has not learned from, for each action that it predicts.

    AUC over all candidates, within users (uauc, gauc) and within impressions; MIND's MRR and nDCG; log-loss
    and calibration error of the probabilities. With --value, candidates are ordered by it instead.
    """
    from regard.cli.impressions import ShownRequest, read_shown
    from regard.cli.ranked import document, measured, show_metrics
    from regard.errors import DataError
    from regard.ranking import RankingModel

    console, held = opt.messages(), RankingModel.load(model)
    request = ShownRequest(
        shown=impressions,
        log=log,
        clicks=clicks,
        columns=columns or [],
        labels=label or [],
        split=split,
        drop_bad_rows=drop_bad_rows,
    )
    shown = read_shown(request, console, model=held).read.impressions
    actions = [action for action in held.spec.actions if action in shown.labels]
    if not actions:
        raise DataError(
            f"{impressions}: has no label of what the ranker predicts ({', '.join(held.spec.actions)}); "
            f"it has {', '.join(shown.actions)}; name it with --label"
        )
    found = [measured(held, shown, action, value) for action in actions]
    if report is not None:
        from regard.cli.rank_page import write_rank_page

        written = write_rank_page(report, found, name=model.name)
        console.print(f"the report is in {written}", markup=False)
    if as_json:
        opt.write_json({one.action: document(one) for one in found})
        return
    show_metrics(found)


@app.command()
def attach(
    model: opt.ModelFolder,
    ranker: RankerFolder,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the folder of both shall be.")],
    value: Value = None,
    settings: opt.Setting = None,
    as_json: opt.Json = False,
) -> None:
    """Put a ranker behind a retrieval model, as one folder that `regard recommend` and `evaluate` take.

    The model proposes, the ranker decides the order: by the probability of its first action, or by --value.
    Users and items meet by their ids; an item that the ranker does not know is scored as one it never met.
    How many candidates there are: --set retrieval=200, popular, recent, similar.

        regard rank attach shop ranker -o both --value "purchase*10 + click"
    """
    from regard.api import load
    from regard.artifact import check_target
    from regard.attached import attach_ranker
    from regard.ranking import RankingModel
    from regard.recipes.book import parse_settings, with_settings
    from regard.train.two_stage_config import SecondStageConfig

    check_target(output)
    config = with_settings(SecondStageConfig(), parse_settings(settings or []))
    made = attach_ranker(load(model), RankingModel.load(ranker), value=value, config=config)
    made.save(output)
    console, record = opt.messages(), made.record
    console.print(
        f"the ranker knows {record['known_items']:,} of {record['items']:,} items and "
        f"{record['known_users']:,} of {record['users']:,} users; an item that it does not know is scored as "
        f"one it never met\nboth are in {output}; next: regard recommend {output} --trace",
        markup=False,
    )
    if as_json:
        opt.write_json({"model": str(output), "value": made.second.value.text, **record})
