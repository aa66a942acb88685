"""``regard data check`` and ``regard data get``: what is in a log, and logs to begin with.

`check` prepares the log exactly as `regard fit` would and shows the report, and the kind of every column
that describes items, users or events. It knows nothing about data that `regard.data` does not tell it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regard.cli.options import (
    Columns,
    DropBad,
    Events,
    FieldPairs,
    FieldsFile,
    Items,
    Json,
    Users,
    said_fields,
    write_json,
)

if TYPE_CHECKING:
    from rich.console import Console

    from regard.data.field_check import FieldCheck
    from regard.data.fields import Fields
    from regard.data.prepare import Prepared
    from regard.data.report import DataReport, TableReport

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Look at an event log before using it, and get public ones.",
)


@app.command()
def check(
    events: Events,
    *,
    items: Items = None,
    users: Users = None,
    columns: Columns = None,
    fields: FieldsFile = None,
    field: FieldPairs = None,
    drop_bad_rows: DropBad = False,
    json: Json = False,
) -> None:
    """Say what was understood of a log, of what kind every column is, and what cannot be used.

    A kind that was guessed wrongly is said with --field brand=category, or for many in a file with --fields.

    Ends with 0 if `regard fit` with the same options would take the log, else with 2.

    Example: regard data check sales.parquet --columns user_id=CustomerID,item_id=StockCode
    """
    from regard.data.prepare import PrepareOptions, prepare
    from regard.data.schema import parse_columns
    from regard.errors import RegardError

    try:
        # Bad rows are dropped to see the rest; what was dropped decides whether the log is usable.
        prepared = prepare(
            events,
            items=items,
            users=users,
            columns=parse_columns(columns or []),
            options=PrepareOptions(on_bad="drop"),
        )
        kinds = _kinds(prepared, said_fields(fields, field), events=events, items=items, users=users)
    except RegardError as error:
        if not json:
            raise
        write_json({"usable": False, "error": str(error)})
        raise typer.Exit(2) from None
    report = prepared.report
    usable = (drop_bad_rows or not report.problems) and not kinds.errors
    if json:
        write_json({"usable": usable, **report.to_json(), "fields": kinds.to_json()})
    else:
        _show(report, kinds, usable=usable)
    if not usable:
        raise typer.Exit(2)


@app.command()
def get(
    name: Annotated[
        str, typer.Argument(help="ml-100k, ml-1m, amazon-2014-beauty, amazon-2014-toys, online-retail.")
    ],
    folder: Annotated[Path, typer.Argument(help="Where to write events.parquet, items.parquet, ...")],
    source: Annotated[
        Path | None,
        typer.Option("--source", help="Folder of the original files; ml-100k is found without it."),
    ] = None,
) -> None:
    """Write a public data set as Parquet, ready for `regard fit`, and show its licence.

    Example: regard data get ml-100k data
    """
    from rich.console import Console

    from regard.data.sources.public import get_public

    data = get_public(name, folder, source=source)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{data.name}: {data.events.height:,} events, from {data.origin}", markup=False)
    console.print(f"written to {folder}", markup=False)
    console.print(data.licence, style="dim", markup=False)


def _kinds(
    prepared: Prepared, said: Fields, *, events: Path, items: Path | None, users: Path | None
) -> FieldCheck:
    """Look at the columns that describe items, users and events."""
    from regard.data.field_check import check_fields, extra_columns
    from regard.data.tables import open_table

    extra = extra_columns(open_table(events), prepared.report.columns)
    tables = {"events": (str(events), extra)} if extra.width else {}
    if items is not None:
        tables["items"] = (str(items), prepared.dataset.item_table)
    if users is not None:
        tables["users"] = (str(users), prepared.dataset.user_table)
    return check_fields(tables, said)


def _show(report: DataReport, kinds: FieldCheck, *, usable: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(
        title=report.source, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0)
    )
    for name, value in _facts(report):
        table.add_row(name, value)
    console.print(table)
    _show_kinds(kinds, console)
    for warning in report.warnings:
        console.print(f"[yellow]note:[/] {warning}", soft_wrap=True)
    _show_problems(report, kinds.errors, console, usable=usable)


def _show_kinds(kinds: FieldCheck, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    if not kinds.columns:
        return
    table = Table(title="fields", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for heading in ("table", "column", "kind", "missing", "different", "why"):
        table.add_column(heading, justify="right" if heading in ("missing", "different") else "left")
    for column in kinds.columns:
        different = "" if column.distinct is None else f"{column.distinct:,}"
        cells = (column.table, column.name, column.kind, f"{column.missing:.1%}", different, column.why)
        table.add_row(*map(Text, cells), style="dim" if column.kind == "ignore" else None)
    console.print(table)


def _show_problems(report: DataReport, errors: Sequence[str], console: Console, *, usable: bool) -> None:
    for error in errors:
        console.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
    if errors:
        console.print(
            "[red]not usable[/]: mend these columns, or say other kinds with --field", soft_wrap=True
        )
    if not report.problems:
        if usable:
            console.print("[green]usable[/]: no problems")
        return
    console.print("problems (rows count from 0):")
    for problem in report.problems:
        console.print(f"  - {problem.source}: {problem.describe()}", markup=False, soft_wrap=True)
    if usable:
        console.print("[green]usable[/]: these rows are dropped")
    else:
        console.print(
            "[red]not usable[/]: mend these rows, or drop them with --drop-bad-rows", soft_wrap=True
        )


def _facts(report: DataReport) -> list[tuple[str, str]]:
    lengths, time = report.lengths, report.time
    facts: list[tuple[str, Any]] = [
        ("columns", ", ".join(f"{ours} = {theirs}" for ours, theirs in report.columns.items())),
        ("rows", f"{report.rows:,}"),
        ("events", f"{report.events:,}"),
        ("users", f"{report.users:,}"),
        ("items", f"{report.items:,}"),
        ("time", time.reading),
        ("span", f"{time.first} to {time.last}"),
        ("without a user", f"{report.anonymous:,} (dropped)"),
        ("exact duplicates", f"{report.duplicates:,} (dropped)"),
        ("ties", f"{report.ties:,} events at the time of the event before them"),
        ("density", f"{report.density:.4%} of all pairs of user and item"),
        (
            "history length",
            f"min {lengths.min}, median {lengths.median:g}, mean {lengths.mean:.1f}, "
            f"p90 {lengths.p90:g}, max {lengths.max}",
        ),
        ("rare items", f"{report.rare_items:.1%} of the items have fewer than 5 events"),
    ]
    facts += _table_facts("table of items", report.item_table) + _table_facts(
        "table of users", report.user_table
    )
    return facts


def _table_facts(name: str, table: TableReport | None) -> list[tuple[str, str]]:
    if table is None:
        return []
    missing = f"{table.without_events:,} without events (left out), {table.without_row:,} ids without a row"
    return [(name, f"{table.rows:,} rows, {missing}; columns: {', '.join(table.columns)}")]
