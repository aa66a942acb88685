"""The command ``regard``: loads a subcommand only when it is called, and turns errors into messages.

A mistake of the caller ends with exit code 2 and one message, never with a traceback.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from regard.errors import RegardError

__all__ = ["COMMANDS", "app", "main"]

COMMANDS = {
    "data": "regard.cli.data",
    "fit": "regard.cli.fit",
    "evaluate": "regard.cli.evaluate",
    "recommend": "regard.cli.recommend",
    "explain": "regard.cli.explain",
    "items": "regard.cli.items",
    "rank": "regard.cli.rank",
    "serve": "regard.cli.serve",
    "keys": "regard.cli.keys",
    "events": "regard.cli.events",
    "demo": "regard.cli.demo",
}


class _LazyGroup(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        sub = importlib.import_module(COMMANDS[cmd_name]).app
        command = typer.main.get_command(sub)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Turn an event log into recommendations that are accurate, explained and live.",
    epilog="Start with: regard data check events.parquet, then: regard fit events.parquet -o model",
)


@app.callback()
def _root() -> None:
    """Hold the subcommands."""


def main() -> None:
    """Run the command line."""
    try:
        app()
    except RegardError as error:
        _fail(str(error))
    except MemoryError:
        _fail("out of memory: use a smaller batch (--set batch_events=1024) or a machine with more memory")
    except OSError as error:
        _fail(f"{error.filename or 'input or output'}: {error.strerror or error}")


def _fail(message: str) -> None:
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("[bold red]error:[/] ", end="")
    console.print(message, markup=False)
    sys.exit(2)
