"""``regard explain``: why an item, for a user or a history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli import options as opt

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from regard.explain.explanation import Explanation
    from regard.explain.what_if import WhatIf

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
    instead: Annotated[
        list[str] | None,
        typer.Option("--instead", help="What if the item had another attribute: colour=blue (repeatable)."),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Number of events to show.")] = 10,
    as_json: opt.Json = False,
) -> None:
    """Say why an item is recommended, by removing each event of the history and asking again.

    Influence is how far the logarithm of the item's probability falls without the event, or with an attribute
    missing. Attention beside it is where the model looked, not why.
    """
    from regard.api import load

    loaded, past = load(model), opt.split_ids(history)
    explanation = loaded.explain(item=item, user=user, history=past, verb=verb)
    values = _values(instead)
    other = loaded.what_if(item=item, instead=values, user=user, history=past) if values else None
    if as_json:
        asked = {} if other is None else {"what_if": {"instead": values, **other.to_json()}}
        opt.write_json({**explanation.to_json(), **asked})
        return
    _show(explanation, top)
    if other is not None:
        _show_other(other, values)


def _values(pairs: list[str] | None) -> dict[str, str]:
    """Read ``field=value`` pairs."""
    from regard.errors import ConfigError

    values = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise ConfigError(f"--instead {pair}: give a field and another value, as in colour=blue")
        values[name] = value
    return values


def _show(explanation: Explanation, top: int) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"{explanation.title} ({explanation.item_id})", style="bold", markup=False)
    console.print(explanation.text, markup=False)
    console.print(f"probability among all items: {explanation.probability:.2%}")
    _show_events(console, explanation.events, top)
    _show_attributes(console, explanation.attributes)


def _show_events(console: Console, events: pl.DataFrame, top: int) -> None:
    from rich.markup import escape
    from rich.table import Table

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


def _show_attributes(console: Console, attributes: pl.DataFrame) -> None:
    from rich.markup import escape
    from rich.table import Table

    if not attributes.height:
        return
    table = Table(
        caption="influence: nats of log-probability lost if the field is missing, of the item or of all "
        "items of the history (item_id: what others did with it); replaced: lost on average with the "
        "values of other items; attention: where the model looked, not why"
    )
    for name in ("of", "field", "value", "influence", "replaced", "attention"):
        table.add_column(name, justify="left" if name in {"of", "field", "value"} else "right")
    for row in attributes.iter_rows(named=True):
        value = "" if row["value"] is None else escape(row["value"])
        replaced = "" if row["replaced"] is None else f"{row['replaced']:+.3f}"
        numbers = f"{row['influence']:+.3f}", replaced, f"{row['attention']:.3f}"
        table.add_row(row["side"], escape(row["field"]), value, *numbers)
    console.print(table)


def _show_other(other: WhatIf, values: dict[str, str]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    said = " and ".join(f"its {name} were {value}" for name, value in values.items())
    console.print(f"if {said}: {other.factor:.3g} times as likely ({other.change:+.3f} nats)", markup=False)
    for name in other.unseen:
        console.print(
            f"training did not know {name} = {values[name]}: it is read as any unknown value", markup=False
        )
