"""What the commands of ``regard rank`` do alike: read a log of what was shown, and cut it by time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console

    from regard.data.impression_table import ReadImpressions
    from regard.data.tables import Source
    from regard.data.vocab import Vocab
    from regard.ranking import RankingModel

__all__ = ["ShownLog", "ShownRequest", "read_shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRequest:
    """What a command line says of a log of impressions.

    Parameters
    ----------
    shown
        A table, or with `log` the folder of a public log.
    log
        Name of a public log; None: a table.
    clicks
        A table of what was clicked, where `shown` does not say.
    columns, labels
        Pairs ``ours=theirs`` and ``action=column``.
    split
        Where the log is cut, as typed; ``none``: not at all.
    part
        Which part is meant: what came before the cut, or from it on.
    drop_bad_rows
        Whether rows that cannot be used are dropped.
    """

    shown: Path
    log: str | None = None
    clicks: Path | None = None
    columns: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    split: str = "none"
    part: Literal["before", "from"] = "from"
    drop_bad_rows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLog:
    """Impressions that were read, and the tables of a public log."""

    read: ReadImpressions
    items: Source | None = None
    users: Source | None = None


def read_shown(
    request: ShownRequest, console: Console, *, model: RankingModel | None = None, labelled: bool = True
) -> ShownLog:
    """Read impressions, say what was understood, and cut them.

    Parameters
    ----------
    request
        What was typed.
    console
        For remarks.
    model
        The ranker whose numbers they get; None: their own.
    labelled
        Whether labels have to be there.
    """
    from regard.data.impression_split import split_impressions
    from regard.data.impression_table import read_impressions
    from regard.data.sources.impression_logs import read_impression_log
    from regard.data.split import SplitSpec

    public = None if request.log is None else read_impression_log(request.log, request.shown)
    users: Vocab | None = None if model is None else model.users
    items: Vocab | None = None if model is None else model.items
    read = read_impressions(
        request.shown if public is None else public.shown,
        clicks=request.clicks,
        columns=public.columns if public is not None else _columns(request),
        users=users,
        items=items,
        on_bad="drop" if request.drop_bad_rows else "error",
        labelled=labelled,
    )
    report = read.report
    rates = ", ".join(f"{action} {rate:.2%}" for action, rate in report.rates.items()) or "no labels"
    console.print(
        f"{report.source}: {report.impressions:,} impressions of {report.candidates:,} items, {rates}",
        markup=False,
    )
    for warning in report.warnings:
        console.print("[yellow]note:[/] ", end="")
        console.print(warning, markup=False)
    spec = SplitSpec.parse(request.split)
    if spec.kind != "none":
        parts = split_impressions(read.impressions, spec)
        read = replace(read, impressions=parts.train if request.part == "before" else parts.test)
    return ShownLog(
        read=read,
        items=None if public is None else public.items,
        users=None if public is None else public.users,
    )


def _columns(request: ShownRequest) -> dict[str, Any]:
    """Read pairs of names; ``user_id=none`` says that there is no such column."""
    columns: dict[str, Any] = {}
    for ours, theirs in _pairs(request.columns, "--columns", "user_id=uid"):
        columns[ours] = None if theirs == "none" else theirs
    labels = dict(_pairs(request.labels, "--label", "click=clicked"))
    return {**columns, "labels": labels} if labels else columns


def _pairs(given: list[str], option: str, example: str) -> list[tuple[str, str]]:
    from regard.errors import ConfigError

    pairs = []
    for pair in [one for many in given for one in many.split(",")]:
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not equals or not ours or not theirs:
            raise ConfigError(f"{option} {pair!r}: give our name and yours, as in {example}")
        pairs.append((ours, theirs))
    return pairs
