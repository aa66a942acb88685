"""Options that several commands share, and what they turn into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from regard.data.fields import Fields
    from regard.train.hooks import Hook

__all__ = [
    "Columns",
    "Content",
    "Device",
    "DropBad",
    "EventField",
    "Events",
    "FieldPairs",
    "FieldsFile",
    "Items",
    "Json",
    "ModelFolder",
    "Precision",
    "Recipe",
    "Seed",
    "Setting",
    "Split",
    "Target",
    "Threads",
    "TypeWeight",
    "Users",
    "hooks_on",
    "messages",
    "progress_on",
    "said_fields",
    "split_ids",
    "write_json",
]

_EVERY = 5.0  # seconds between two lines of progress
_HEADINGS = {
    "search": "finding the number of epochs",
    "refit": "training on everything",
    "warm": "training on from the old weights",
    "early search": "retrieval of the earlier part, for the ranker to learn from: number of epochs",
    "early refit": "retrieval of the earlier part: training",
    "later warm": "retrieval of the earlier part, brought up to where validation begins",
    "ranker": "training the ranker",
    "ranking search": "ranker: finding the number of epochs",
    "ranking refit": "ranker: training on everything",
}

Events = Annotated[
    Path, typer.Argument(help="Event log: Parquet, CSV, TSV (.gz too) or a folder of Parquet files.")
]
ModelFolder = Annotated[Path, typer.Argument(help="Folder that `regard fit` wrote.")]
Items = Annotated[
    Path | None, typer.Option("--items", help="Table of items, one row per item_id; its title is shown.")
]
Users = Annotated[Path | None, typer.Option("--users", help="Table of users, one row per user_id.")]
Columns = Annotated[
    list[str] | None,
    typer.Option("--columns", help="Your names of columns: user_id=CustomerID; repeat, or use commas."),
]
FieldsFile = Annotated[
    Path | None,
    typer.Option("--fields", help='JSON of kinds of columns: {"items": {"brand": "category"}}.'),
]
FieldPairs = Annotated[
    list[str] | None,
    typer.Option("--field", help="Kind of a column: brand=category, users.age=number, genres=set:|; repeat."),
]
Content = Annotated[
    bool,
    typer.Option(
        "--content",
        help="Read texts and images of the items with encoders (extra content), not texts as bags of words; "
        "others are named with --set content.text=FOLDER and --set content.image=FILE.",
    ),
]
EventField = Annotated[
    list[str] | None,
    typer.Option(
        "--event-field",
        help="Read a further column of the log: Quantity, or device=category; repeat, or use commas.",
    ),
]
Recipe = Annotated[str, typer.Option("--recipe", help="Name of a recipe.")]
Setting = Annotated[
    list[str] | None, typer.Option("--set", help="Change a setting of the recipe: epochs=5; repeat.")
]
Split = Annotated[
    str,
    typer.Option(
        "--split",
        help="What is held out: time, time:0.8, time:2011-11-01, leave-last-out, or none "
        "(learn from everything).",
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        "--target", help="Types of events that are asked for: purchase, or purchase,cart. All are read."
    ),
]
TypeWeight = Annotated[
    list[str] | None,
    typer.Option("--type-weight", help="What a target of a type counts in training: cart=0.2; repeat."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed: the same one gives the same model.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1.")]
Precision = Annotated[str, typer.Option("--precision", help="auto, float32 or bfloat16.")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Threads of torch.")]
DropBad = Annotated[
    bool, typer.Option("--drop-bad-rows", help="Drop and count rows that cannot be used, not refuse them.")
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to standard output, for programs.")]


def messages() -> Console:
    """Return the console for progress and remarks: standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def hooks_on(console: Console, log: Path | None) -> Any:
    """Return what makes the listeners of a training pass: progress, and a log of JSON lines."""

    def make(title: str, epochs: int) -> Sequence[Hook]:
        from regard.train.hooks import JsonLines, Progress

        heading = _HEADINGS.get(title, title)
        listeners: list[Hook] = [Progress(console, title=heading, epochs=epochs)]
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            listeners.append(JsonLines(log))
        return listeners

    return make


def progress_on(console: Console, title: str) -> Callable[[int, int], None]:
    """Return what shows how many values are done: a line now and then, with the rate and what is left."""
    import time

    began, said = time.monotonic(), [time.monotonic()]

    def show(done: int, total: int) -> None:
        now = time.monotonic()
        if now - said[0] < _EVERY and done < total:
            return
        said[0] = now
        rate = done / max(now - began, 1e-9)
        left = (total - done) / max(rate, 1e-9)
        console.print(f"{title}: {done:,} of {total:,}, {rate:,.0f} a second, {left:,.0f} s left")

    return show


def said_fields(file: Path | None, pairs: Sequence[str] | None) -> Fields:
    """Read the kinds of columns that the options name; a pair overrules the file.

    Examples
    --------
    >>> said_fields(None, ["brand=category"]).document()
    {'items': {'brand': 'category'}}
    """
    from regard.data.fields import Fields, parse_fields

    read = Fields() if file is None else Fields.read(file)
    return read.joined(parse_fields(pairs or []))


def split_ids(given: list[str] | None) -> list[str] | None:
    """Read ids from an option: one value is split at commas, a repeated option is not.

    Examples
    --------
    >>> split_ids(["a,b"]), split_ids(["a,b", "c"]), split_ids(None)
    (['a', 'b'], ['a,b', 'c'], None)
    """
    if given is None:
        return None
    if len(given) > 1:
        return given
    return [part.strip() for part in given[0].split(",") if part.strip()]


def write_json(document: Any) -> None:
    """Write a document to standard output."""
    import json

    typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))
