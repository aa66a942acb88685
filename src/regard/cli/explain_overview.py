"""What ``regard explain --overview`` shows: what drives a model as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regard.cli import options as opt

if TYPE_CHECKING:
    import polars as pl

    from regard.model import Model

__all__ = ["show_overview"]


def show_overview(model: Model, users: int, *, top: int, as_json: bool) -> None:
    """Explain the first items of some users, add up, and write tables or JSON."""
    from rich.console import Console

    found = model.overview(users=users)
    named = {"ago": found.ago, "segments": found.segments, "attributes": found.attributes}
    if as_json:
        tables = {"items": found.items, **named}
        opt.write_json({"users": found.users, **{name: table.to_dicts() for name, table in tables.items()}})
        return
    console = Console(highlight=False)
    captions = {
        "items": "past items that speak most, over all explanations (influence: mean, in nats)",
        "ago": "events by how many others came after them",
        "segments": "users by the length of the history (at least); silent: no event is named",
        "attributes": "mean influence of a field of the item, and of those of the history",
    }
    console.print(f"first items of {found.users:,} users", style="bold")
    for name, table in {"items": found.items.head(top), **named}.items():
        if table.height:
            console.print(_table(table, captions[name]))


def _table(frame: pl.DataFrame, caption: str) -> object:
    from rich.markup import escape
    from rich.table import Table

    table = Table(caption=caption, caption_justify="left")
    for name in frame.columns:
        table.add_column(
            name.replace("_", " "), justify="right" if frame[name].dtype.is_numeric() else "left"
        )
    for row in frame.iter_rows():
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else escape(str(value)) for value in row))
    return table
