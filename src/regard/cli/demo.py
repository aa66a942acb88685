"""``regard demo``: the whole journey, from a log to a model, an honest evaluation and explained lists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli import options as opt

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["app", "demo"]

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def demo(
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for the data, the model and the report.")] = Path(
        "demo"
    ),
    data: Annotated[
        Path | None, typer.Option("--data", help="Your event log; default: MovieLens-100K.")
    ] = None,
    items: opt.Items = None,
    columns: opt.Columns = None,
    settings: opt.Setting = None,
    split: opt.Split = "time",
    seed: opt.Seed = 0,
    drop_bad_rows: opt.DropBad = False,
) -> None:
    """Read a log, train, evaluate beside baselines, recommend with reasons, save, and write a report.

    Without --data it uses MovieLens-100K. The report is one self-contained page: OUT/report.html.
    """
    from rich.console import Console

    from regard.cli.demo_page import write_report
    from regard.cli.training import TrainingRequest, clear_work, train
    from regard.config import RunOptions

    console, screen = opt.messages(), Console(highlight=False)
    name = "MovieLens-100K" if data is None else data.name
    verb = "watched" if data is None else None
    events, chosen = data, settings or []
    if events is None:
        events, items = _movielens(out / "data", console)
        # Titles and genres did not help on this log's validation; --set attributes=true reads them anyway.
        chosen = ["attributes=false", *chosen]
    work = out.absolute() / "run"
    request = TrainingRequest(
        events=events,
        items=items,
        users=None,
        columns=columns or [],
        recipe="sequential",
        settings=chosen,
        split=split,
        options=RunOptions(seed=seed),
        drop_bad_rows=drop_bad_rows,
        work=work,
    )
    model = train(request, console)
    model.save(out / "model")
    clear_work(work)
    console.print("evaluating beside the baselines")
    report = model.evaluate()
    screen.print(report.table())
    screen.print(report.verdict())
    page = write_report(out / "report.html", model=model, report=report, name=name, verb=verb, screen=screen)
    console.print(f"model: {out / 'model'}   report: {page}")


def _movielens(folder: Path, console: Console) -> tuple[Path, Path]:
    """Find MovieLens-100K, show its licence, and return its events and items."""
    from regard.data.sources.public import get_ml_100k

    found = get_ml_100k(folder)
    console.print(f"{found.name} from {found.origin}", markup=False)
    console.print(found.licence, style="dim", markup=False)
    return folder / "events.parquet", folder / "items.parquet"
