"""``regard explain``: why an item, for a user or a history."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli import options as opt
from regard.explain.words import Language

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from regard.data.histories import Histories
    from regard.explain.contrast import Contrast
    from regard.explain.counterfactual import Counterfactual
    from regard.explain.explanation import Explanation
    from regard.explain.what_if import WhatIf
    from regard.model import Model

__all__ = ["app", "explain"]

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def explain(
    model: opt.ModelFolder,
    *,
    item: Annotated[str | None, typer.Option("--item", help="Id of the item to explain.")] = None,
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
    rather_than: Annotated[
        str | None, typer.Option("--rather-than", help="Id of another item: why the one and not the other.")
    ] = None,
    fewest: Annotated[
        int | None,
        typer.Option(
            "--fewest", min=1, help="Fewest events without which the item leaves the first N of the list."
        ),
    ] = None,
    language: Annotated[Language, typer.Option("--language", help="Of the sentence.")] = "en",
    html: Annotated[
        Path | None, typer.Option("--html", help="Write the explanation with pictures as one HTML file.")
    ] = None,
    overview: Annotated[
        int | None,
        typer.Option("--overview", min=1, help="What drives the model as a whole, from so many users."),
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
    if overview is not None:
        from regard.cli.explain_overview import show_overview

        show_overview(loaded, overview, top=top, as_json=as_json)
        return
    if item is None:
        raise typer.BadParameter("give --item, the id of the item to explain, or --overview 200")
    who = _Who(loaded, user, past)
    explanation = loaded.explain(item=item, user=user, history=past, verb=verb)
    values = _values(instead)
    other = loaded.what_if(item=item, instead=values, user=user, history=past) if values else None
    rather = None if rather_than is None else who.contrast(item, rather_than)
    least = None if fewest is None else who.fewest(item, fewest)
    if html is not None:
        who.write(html, explanation, language=language, verb=verb)
    if as_json:
        asked = {} if other is None else {"what_if": {"instead": values, **other.to_json()}}
        asked |= {} if rather is None else {"contrast": rather.to_json()}
        asked |= {} if least is None else {"fewest": {"k": fewest, **asdict(least)}}
        told = {"text": explanation.tell(language, verb=verb)}
        opt.write_json({**explanation.to_json(), **told, **asked})
        return
    _show(explanation, top, language=language, verb=verb)
    if rather is not None:
        _say(rather.tell(language))
    if least is not None:
        _say(_fewest_said(least, explanation, k=fewest or 1, language=language))
    if other is not None:
        _show_other(other, values)
    if html is not None:
        _say(f"written: {html}")


def _say(text: str) -> None:
    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(text, markup=False)


@dataclass(frozen=True)
class _Who:
    """A model and the user or history that it is asked about."""

    model: Model
    user: str | None
    history: list[str] | None

    def contrast(self, item: str, other: str) -> Contrast:
        return self.model.contrast(item=item, other=other, user=self.user, history=self.history)

    def fewest(self, item: str, k: int) -> Counterfactual | None:
        from regard.explain.asking import known_item
        from regard.explain.counterfactual import beam
        from regard.explain.question import Question

        recommender, whole = self.model.recommender, self._whole()
        number = known_item(item, recommender, self.model.dataset.titles())
        if recommender.read(whole).num_events == 0:
            return None
        return beam(Question.of(recommender, whole, number, k=k))

    def write(self, path: Path, explanation: Explanation, *, language: Language, verb: str | None) -> None:
        from regard.explain.explained_page import write_explanation
        from regard.explain.weights import every_head

        read = self.model.recommender.read(self._whole())
        heads = every_head(self.model.recommender.scorer, read) if read.num_events else None
        write_explanation(path, explanation, language=language, verb=verb, heads_LNE=heads)

    def _whole(self) -> Histories:
        from regard.explain.asking import one_history

        whole, _ = one_history(self.model.recommender, user=self.user, history=self.history, times=None)
        return whole


def _fewest_said(found: Counterfactual, explanation: Explanation, *, k: int, language: Language) -> str:
    from regard.explain.counterfactual import MOST
    from regard.explain.words import words_of

    words = words_of(language)
    if found.rank > k:
        return words.not_listed.format(k=k)
    if not found.found:
        return words.without_none.format(most=MOST, k=k)
    by_age = explanation.events.sort("position")["title"]
    titles = list(dict.fromkeys(by_age.gather(list(found.removed)).to_list()))
    return words.without.format(items=words.listed(titles), k=k)


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


def _show(explanation: Explanation, top: int, *, language: Language, verb: str | None) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"{explanation.title} ({explanation.item_id})", style="bold", markup=False)
    console.print(explanation.tell(language, verb=verb), markup=False)
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
