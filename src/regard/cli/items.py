"""``regard items add``: new items for a model that is trained, recommendable at once."""

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
    help="Add items to a trained model, or change their attributes.",
)


@app.callback()
def _root() -> None:
    """Hold the subcommands."""


@app.command()
def add(
    model: opt.ModelFolder,
    items: Annotated[Path, typer.Argument(help="Table of items: Parquet, CSV, TSV; one row per item_id.")],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the model goes; by default it is replaced.")
    ] = None,
    columns: opt.Columns = None,
    as_json: opt.Json = False,
) -> None:
    """Add items by their attributes; nothing is trained.

    Rows of items that the model knows replace their attributes. Columns that training did not have are
    ignored and named; values that it did not see are counted.

        regard items add shop new_items.parquet
    """
    from regard.api import load
    from regard.data.media import Media
    from regard.data.schema import parse_columns

    console = opt.messages()
    held = load(model)
    media = Media(
        config=held.config.content,
        folder=items.expanduser().parent,
        progress=opt.progress_on(console, "reading texts and images"),
    )
    added = held.add_items(items, columns=parse_columns(columns or []), media=media)
    target = output or model
    added.model.save(target)
    console.print(
        f"{added.new:,} new items, {added.changed:,} changed; the model in {target} now has "
        f"{len(added.model.dataset.items):,} items"
    )
    if added.without_attributes:
        console.print(
            f"[yellow]note:[/] {added.without_attributes:,} new items have no attribute that the model "
            "reads, so they are never recommended"
        )
    if added.ignored:
        console.print(
            f"[yellow]note:[/] training did not have these columns, ignored: {', '.join(added.ignored)}"
        )
    if as_json:
        opt.write_json(
            {
                "model": str(target),
                "new": added.new,
                "changed": added.changed,
                "without_attributes": added.without_attributes,
                "ignored": list(added.ignored),
                "fields": [report.to_json() for report in added.reports],
            }
        )
