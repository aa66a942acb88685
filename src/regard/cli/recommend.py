"""``regard recommend``: lists for users by id, or for a history that training never saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from regard.cli import options as opt

if TYPE_CHECKING:
    import polars as pl

    from regard.model import Model

__all__ = ["app", "recommend"]

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def recommend(
    model: opt.ModelFolder,
    *,
    user: Annotated[
        list[str] | None, typer.Option("--user", help="Id of a user; repeat, or use commas.")
    ] = None,
    history: Annotated[
        list[str] | None, typer.Option("--history", help="Ids of items, oldest first: a,b,c.")
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Length of a list.")] = 10,
    only: Annotated[list[str] | None, typer.Option("--only", help="Recommend only these items.")] = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", help="None of these items.")] = None,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Let lists hold what the user has already had.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", help="When this is asked, for models that read it: 2024-05-01T20:00."),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say why, for each item.")] = False,
    as_json: opt.Json = False,
) -> None:
    """Recommend items to users, or for a bare history.

    A user that nothing is known of gets the most popular items, and the list says so. Items of a
    history that the model does not know are not read, and are counted.
    """
    from regard.api import load

    held = load(model)
    items = opt.split_ids(history)
    frame = held.recommend(
        users=opt.split_ids(user),
        histories=None if items is None else [items],
        k=k,
        exclude_seen=not include_seen,
        only=opt.split_ids(only),
        exclude=opt.split_ids(exclude),
        at=at,
    )
    frame = _titled(frame, held)
    if explain:
        frame = _explained(frame, held, items)
    if as_json:
        opt.write_json(frame.to_dicts())
    else:
        _show(frame)


def _titled(frame: pl.DataFrame, held: Model) -> pl.DataFrame:
    titles = held.dataset.titles()
    return frame.with_columns(titles.gather(held.dataset.items.encode(frame["item_id"])))


def _explained(frame: pl.DataFrame, held: Model, history: list[str] | None) -> pl.DataFrame:
    import polars as pl

    known = held.dataset.users.encode(frame["user_id"]) if history is None else None
    why = []
    for row, (user, item) in enumerate(frame.select("user_id", "item_id").iter_rows()):
        if known is None:
            why.append(held.explain(item=item, history=history).text)
        elif known[row] < 0:
            why.append(held.explain(item=item, history=[]).text)
        else:
            why.append(held.explain(item=item, user=user).text)
    return frame.with_columns(pl.Series("why", why, dtype=pl.String))


def _show(frame: pl.DataFrame) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for (user,), part in frame.group_by("user_id", maintain_order=True):
        first = part.row(0, named=True)
        table = Table(title=f"user {escape(str(user))}", title_justify="left")
        for name, justify in (("rank", "right"), ("item", "left"), ("title", "left"), ("score", "right")):
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        if "why" in part.columns:
            table.add_column("why")
        for row in part.iter_rows(named=True):
            table.add_row(*_cells(row))
        console.print(table)
        if first["source"] == "popularity":
            console.print("nothing that the model can read is known of this user: the most popular items")
        if first["unknown_items"]:
            console.print(f"{first['unknown_items']} items of the history are unknown and were not read")


def _cells(row: dict[str, Any]) -> list[str]:
    from rich.markup import escape

    cells = [str(row["rank"]), str(row["item_id"]), str(row["title"]), f"{row['score']:.3f}"]
    return [escape(cell) for cell in [*cells, *([row["why"]] if "why" in row else [])]]
