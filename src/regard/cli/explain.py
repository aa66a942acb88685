"""``regard explain``: why an item, for a user or a history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli import options as opt

if TYPE_CHECKING:
    from regard.explain.explanation import Explanation

__all__ = ["app", "explain"]

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def explain(
    model: opt.ModelFolder,
    *,
    item: Annotated[str, typer.Option("--item", help="Id of the item to explain.")],
    user: Annotated[str | None, typer.Option("--user", help="Id of a user.")] = None,
    history: Annotated[
        list[str] | None, typer.Option("--history", help="Ids of items, oldest first: a,b,c.")
    ] = None,
    verb: Annotated[
        str | None, typer.Option("--verb", help="What users do with items: watched, bought, read.")
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Number of events to show.")] = 10,
    as_json: opt.Json = False,
) -> None:
    """Say why an item is recommended, by removing each event of the history and asking again.

    Influence is how far the logarithm of the item's probability falls without the event. Attention
    beside it is where the model looked, not why.
    """
    from regard.api import load

    explanation = load(model).explain(item=item, user=user, history=opt.split_ids(history), verb=verb)
    if as_json:
        opt.write_json(explanation.to_json())
    else:
        _show(explanation, top)


def _show(explanation: Explanation, top: int) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    console.print(f"{explanation.title} ({explanation.item_id})", style="bold", markup=False)
    console.print(explanation.text, markup=False)
    console.print(f"probability among all items: {explanation.probability:.2%}")
    events = explanation.events
    if not events.height:
        return
    table = Table(
        caption="influence: nats of log-probability lost without the event; attention: where the "
        "model looked, not why"
    )
    for name in ("event", "item", "title", "influence", "attention"):
        table.add_column(name, justify="left" if name in {"item", "title"} else "right")
    for row in events.head(top).iter_rows(named=True):
        attention = "" if row["attention"] is None else f"{row['attention']:.3f}"
        title = escape(str(row["title"]))
        table.add_row(
            str(row["position"]), escape(str(row["item_id"])), title, f"{row['influence']:+.3f}", attention
        )
    console.print(table)
    if events.height > top:
        console.print(f"{events.height - top} more events, all of smaller influence (--top shows more)")
