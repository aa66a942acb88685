"""``regard recommend``: lists for users by id, or for a history that training never saw."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regard.cli import options as opt

if TYPE_CHECKING:
    import polars as pl

    from regard.model import Model
    from regard.recommend.policy import Policy
    from regard.recommend.reranked import PolicyAnswer, PolicyRequest

__all__ = ["app", "recommend"]

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")
_EXTRA = ("moved", "why")


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
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            help='Rules for the lists: {"rules": [{"rule": "cap", "column": "brand", "most": 2}]}; '
            "see docs/policies.md.",
        ),
    ] = None,
    candidates: Annotated[
        int, typer.Option("--candidates", min=1, help="How many items of a user a policy chooses from.")
    ] = 200,
    explain: Annotated[bool, typer.Option("--explain", help="Say why, for each item.")] = False,
    trace: Annotated[
        bool,
        typer.Option("--trace", help="Show what each stage of a two-stage model did with each candidate."),
    ] = False,
    as_json: opt.Json = False,
) -> None:
    """Recommend items to users, or for a bare history.

    A user that nothing is known of gets the most popular items, and the list says so. Items of a
    history that the model does not know are not read, and are counted. With `--policy` a list follows
    rules, says what each of them moved, and names what was left out and what could not be held. With
    `--trace` a two-stage model shows its candidates: who proposed them, and where each stage put them.
    """
    from regard.api import load
    from regard.cli.tracing import show_trace
    from regard.recommend.reranked import PolicyRequest, plain_lists

    held = load(model)
    items = opt.split_ids(history)
    request = PolicyRequest(
        users=opt.split_ids(user),
        histories=None if items is None else [items],
        k=k,
        exclude_seen=not include_seen,
        only=opt.split_ids(only),
        exclude=opt.split_ids(exclude),
        at=at,
        candidates=candidates,
    )
    rules = None if policy is None else _rules(policy, held)
    traced = _traced(held, request, rules) if trace else None
    answer = None if rules is None else held.recommend_with(rules, request)
    frame = _titled(plain_lists(held.recommender, request) if answer is None else answer.frame, held)
    if explain:
        frame = _explained(frame, held, items)
    if not as_json:
        _show(frame, {} if answer is None else _notes(answer, held))
        if traced is not None:
            show_trace(traced)
    elif answer is None and traced is None:
        opt.write_json(frame.to_dicts())
    else:
        tables = {"recommendations": frame}
        tables |= {} if answer is None else {"moves": answer.moves, "unmet": answer.unmet}
        tables |= {} if traced is None else {"trace": traced}
        opt.write_json({name: table.to_dicts() for name, table in tables.items()})


def _rules(path: Path, held: Model) -> Policy:
    from regard.recommend.policy import Policy

    policy = Policy.read(path)
    policy.check(held.policy_context, source=str(path))
    return policy


def _traced(held: Model, request: PolicyRequest, rules: Policy | None) -> pl.DataFrame:
    from regard.errors import ConfigError
    from regard.pipeline import TwoStageModel

    if not isinstance(held, TwoStageModel):
        raise ConfigError(
            "--trace: this model has one stage; fit one with --recipe two-stage, or see regard rank attach"
        )
    return _titled(held.trace(request, rules), held)


def _notes(answer: PolicyAnswer, held: Model) -> dict[Any, list[str]]:
    """Return, by user, what the policy left out of the list and what could not be held."""
    notes: dict[Any, list[str]] = {user: [] for user in answer.moves["user"].to_list()}
    listed = set(answer.frame.select("user_id", "item_id").iter_rows())
    last = {(move["user"], move["item"]): move for move in answer.moves.iter_rows(named=True)}
    titles = dict(zip(answer.moves["item"], _titled(answer.moves, held, "item")["title"], strict=True))
    for (user, item), move in last.items():
        if (user, item) not in listed:
            notes[user].append(
                f"left out: {titles[item]}, from {move['from']} by {move['rule']!r}: {move['reason']}"
            )
    for user, rule, reason in answer.unmet.select("user", "rule", "reason").iter_rows():
        notes.setdefault(user, []).append(f"not held: {rule!r}: {reason}")
    return notes


def _titled(frame: pl.DataFrame, held: Model, column: str = "item_id") -> pl.DataFrame:
    titles = held.dataset.titles()
    return frame.with_columns(titles.gather(held.dataset.items.encode(frame[column])))


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


def _show(frame: pl.DataFrame, notes: Mapping[Any, list[str]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for (user,), part in frame.group_by("user_id", maintain_order=True):
        first = part.row(0, named=True)
        table = Table(title=f"user {escape(str(user))}", title_justify="left")
        for name, justify in (("rank", "right"), ("item", "left"), ("title", "left"), ("score", "right")):
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        for name in _EXTRA:
            if name in part.columns:
                table.add_column(name)
        for row in part.iter_rows(named=True):
            table.add_row(*_cells(row))
        console.print(table)
        if first["source"] == "popularity":
            console.print("nothing that the model can read is known of this user: the most popular items")
        if first["unknown_items"]:
            console.print(f"{first['unknown_items']} items of the history are unknown and were not read")
        for note in notes.get(user, []):
            console.print(note, markup=False)
    for user in [user for user in notes if user not in set(frame["user_id"])]:
        console.print(f"user {user}: the policy leaves nothing", markup=False)
        for note in notes[user]:
            console.print(note, markup=False)


def _cells(row: dict[str, Any]) -> list[str]:
    from rich.markup import escape

    score = "" if row["score"] is None else f"{row['score']:.3f}"  # a pinned item that was no candidate
    cells = [str(row["rank"]), str(row["item_id"]), str(row["title"]), score]
    return [escape(cell) for cell in [*cells, *(row[name] for name in _EXTRA if name in row)]]
