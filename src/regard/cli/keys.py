"""``regard keys``: who may ask a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli import options as opt

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Make, list and revoke the keys of a server; a running server follows.",
)

KeysFile = Annotated[Path, typer.Argument(help="File of keys; it never holds a key itself.")]


@app.command()
def add(
    file: KeysFile,
    *,
    name: Annotated[str, typer.Option("--name", help="Whose it is, for people.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="read, write or admin; repeat. By default read and write."),
    ] = None,
) -> None:
    """Make a key and show it, this once.

    regard keys add keys.json --name shop --scope read --scope write
    """
    from regard.serve.keys import KeyFile

    wanted: Any = scope or ["read", "write"]
    typer.echo(KeyFile(file).add(name, wanted))


@app.command("list")
def show(file: KeysFile, *, as_json: opt.Json = False) -> None:
    """List the keys by their numbers."""
    from regard.serve.keys import KeyFile

    rows = [
        {
            "id": key.id,
            "name": key.name,
            "scopes": list(key.scopes),
            "created": key.created,
            "revoked": key.revoked,
        }
        for key in KeyFile(file).read()
    ]
    if as_json:
        opt.write_json(rows)
        return
    for row in rows:
        state = f"revoked {row['revoked']}" if row["revoked"] else f"since {row['created']}"
        typer.echo(f"{row['id']}  {','.join(row['scopes'] or [])}  {state}  {row['name']}")


@app.command()
def revoke(
    file: KeysFile, key_id: Annotated[str, typer.Argument(help="Its number, as `regard keys list` shows it.")]
) -> None:
    """Take a key back, from the next request on."""
    from regard.serve.keys import KeyFile

    key = KeyFile(file).revoke(key_id)
    typer.echo(f"{key.id} revoked {key.revoked}")
