"""``regard events export`` and ``regard events copy``: what a server logged, to a file or store."""

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
    help="Take events out of the log of a server.",
)

_Log = Annotated[
    str,
    typer.Argument(help="A file, or postgresql://HOST/DATABASE, or redis://HOST: what the server logs to."),
]
_Rescue = Annotated[
    bool,
    typer.Option("--rescue", help="Of a damaged log take what is before the damage, instead of refusing it."),
]


@app.callback()
def _root() -> None:
    """Hold the subcommands."""


@app.command()
def export(
    log: _Log,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The Parquet file to write.")],
    since: Annotated[
        str | None, typer.Option("--since", help="Leave out what happened before: 2026-11-01, UTC.")
    ] = None,
    rescue: _Rescue = False,
    as_json: opt.Json = False,
) -> None:
    """Write the log as a Parquet file that `regard fit` reads; the server may go on meanwhile.

    regard events export events.db -o events.parquet
    """
    from regard.serve.export import export as write
    from regard.serve.stores.book import open_log

    opened = open_log(log, read_only=True)
    try:
        done = write(opened, output, since=None if since is None else _micros(since), rescue=rescue)
    finally:
        opened.close()
    console = opt.messages()
    console.print(f"{done.events:,} events in {output}: {', '.join(done.columns)}", markup=False)
    _tell_damage(done.damage)
    if as_json:
        opt.write_json(
            {
                "output": str(output),
                "events": done.events,
                "columns": list(done.columns),
                "damage": done.damage,
            }
        )


@app.command()
def copy(
    source: _Log,
    target: Annotated[str, typer.Argument(help="The log to append to, in any store; made if it is missing.")],
    *,
    rescue: _Rescue = False,
    as_json: opt.Json = False,
) -> None:
    """Copy events and what was said about items to another log; call it again to go on after an interruption.

    regard events copy events.db postgresql://localhost/shop
    """
    from regard.serve.export import copy as append
    from regard.serve.stores.book import open_log

    old = open_log(source, read_only=True)
    try:
        new = open_log(target)
        try:
            done = append(old, new, rescue=rescue)
        finally:
            new.close()
    finally:
        old.close()
    opt.messages().print(
        f"{done.events:,} events ({done.duplicates:,} were there already) and {done.items:,} items copied"
    )
    _tell_damage(done.damage)
    if as_json:
        opt.write_json(
            {
                "events": done.events,
                "duplicates": done.duplicates,
                "items": done.items,
                "damage": done.damage,
            }
        )


def _micros(text: str) -> int:
    from regard.data.times import iso_micros
    from regard.errors import ConfigError

    found = iso_micros(text)
    if found is None:
        raise ConfigError(f"--since {text}: is no date; write 2026-11-01 or 2026-11-01T12:00:00Z")
    return found


def _tell_damage(damage: str | None) -> None:
    if damage is not None:
        opt.messages().print(f"note: stopped early. {damage}", style="yellow", markup=False)
