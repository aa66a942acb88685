"""From a table of shown items to `Impressions` and a report of what was understood.

The generic form has one row for each item that was shown, whatever came of it; rows with the same
``impression_id`` were shown together, and without that column each row stands alone. What came of it is in
columns of that table, or in a second table of clicks (``impression_id``, ``item_id`` and optionally
``action``). The table is read whole: unlike a log of events it does not stream.

Shape letters: I impressions, K candidates, n rows of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from regard.data.checks import ProblemLog
from regard.data.histories import Histories
from regard.data.ids import integers_of
from regard.data.impression_checks import check_classes
from regard.data.impression_clicks import labels_of_clicks
from regard.data.impression_columns import ImpressionColumns
from regard.data.impression_report import ImpressionReport, report_impressions
from regard.data.impression_rows import ImpressionRows, clean_rows
from regard.data.impressions import Impressions
from regard.data.packing import NO_TIME
from regard.data.tables import Source, Table, open_table
from regard.data.vocab import UNKNOWN, Vocab
from regard.errors import DataError, SchemaError

__all__ = ["ReadImpressions", "read_impressions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadImpressions:
    """Impressions, the vocabularies of their numbers, and what was counted on the way.

    Parameters
    ----------
    impressions
        What was shown, by numbers.
    users, items
        The vocabularies: those that were given, or of what the table names.
    report
        What was read, dropped and not known.
    """

    impressions: Impressions
    users: Vocab
    items: Vocab
    report: ImpressionReport


def read_impressions(
    shown: Source,
    *,
    clicks: Source | None = None,
    columns: ImpressionColumns | Mapping[str, Any] | None = None,
    users: Vocab | None = None,
    items: Vocab | None = None,
    on_bad: Literal["error", "drop"] = "error",
    labelled: bool = True,
) -> ReadImpressions:
    """Read a table of shown items, check it, and number its users and items.

    Parameters
    ----------
    shown
        A path or a table with ``user_id``, ``item_id``, ``timestamp``, labels, and optionally
        ``impression_id``, ``position``, ``propensity``, ``history`` and any further columns.
    clicks
        What was clicked, where `shown` does not say: ``impression_id``, ``item_id``, and optionally
        ``action`` (else ``click``).
    columns
        The caller's names of columns.
    users, items
        Vocabularies of the data set; ids that they lack get -1 and are counted. None makes them of what
        the table names, histories included.
    on_bad
        Whether rows that cannot be used refuse the log or are dropped and counted.
    labelled
        Whether labels of both classes have to be there; what is only scored may have none.

    Raises
    ------
    SchemaError
        If a column is missing or has a type that cannot be read.
    DataError
        If rows cannot be used (all are named), if something was clicked that was not shown, or if a label
        has one class only.

    Examples
    --------
    >>> log = {"impression_id": [1, 1, 2], "user_id": ["u", "u", "v"], "item_id": ["a", "b", "a"],
    ...        "timestamp": [10, 10, 20], "click": [0, 1, 0]}
    >>> read = read_impressions(log)
    >>> read.impressions.offsets.tolist(), read.impressions.item_K.tolist(), read.report.rates
    ([0, 2, 3], [0, 1, 0], {'click': 0.333...})
    """
    table = open_table(shown, kind="impressions")
    named = ImpressionColumns.of(columns)
    found = named.find(table.columns, source=table.name)
    frame = _rows_of(table)
    logs = [ProblemLog(table.name)]
    rows = clean_rows(frame, found, named, log=logs[0], from_text=table.from_text)
    if clicks is not None:
        rows = _with_clicks(rows, open_table(clicks, kind="clicks"), logs)
    if labelled:
        _check_labels_are_there(rows, table)
    for log in logs if on_bad == "error" else []:
        log.refuse()
    vocabs = _Vocabs(users, items, labelled)
    return _numbered(rows.usable(), logs, named, source=table.name, total=len(frame), vocabs=vocabs)


def _rows_of(table: Table) -> pl.DataFrame:
    frame = table.read()
    if frame.is_empty():
        raise DataError(f"{table.name}: has no rows")
    return frame


def _check_labels_are_there(rows: ImpressionRows, table: Table) -> None:
    if not rows.labels:
        raise SchemaError(
            f"{table.name}: no column is a label; name them with labels={{'click': ...}}, or give clicks; "
            f"the columns are: {', '.join(map(repr, table.columns))}"
        )


def _with_clicks(rows: ImpressionRows, clicks: Table, logs: list[ProblemLog]) -> ImpressionRows:
    if rows.impression_id is None:
        raise SchemaError(
            f"the impressions: there is no column impression_id, by which {clicks.name} would find its rows"
        )
    logs.append(ProblemLog(clicks.name))
    labels = labels_of_clicks(
        clicks, impression_id=rows.impression_id, item_id=rows.table["item_id"], log=logs[-1]
    )
    return rows.with_labels(labels)


@dataclass(frozen=True, slots=True)
class _Vocabs:
    users: Vocab | None
    items: Vocab | None
    labelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """Histories with the ids of items, before they are numbered."""

    id_T: pl.Series
    lengths: np.ndarray


def _numbered(
    rows: ImpressionRows,
    logs: Sequence[ProblemLog],
    named: ImpressionColumns,
    *,
    source: str,
    total: int,
    vocabs: _Vocabs,
) -> ReadImpressions:
    table = rows.table
    if table.is_empty():
        raise DataError(f"{source}: no row is left to use")
    counts = table.group_by("impression", maintain_order=True).len()["len"].to_numpy().astype(np.int64)
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
    first = offsets[:-1]
    user_id = table["user_id"].gather(first)
    past = None if "history" not in table.columns else _past(table["history"].gather(first), named.separator)
    items = vocabs.items or _vocab(table["item_id"], *([] if past is None else [past.id_T]))
    users = vocabs.users or _vocab(user_id)
    user_I, item_K = users.encode(user_id), items.encode(table["item_id"])
    history = None if past is None else _histories(past, items)
    impressions = Impressions(
        offsets=offsets,
        user_I=user_I,
        time_I=table["time"].gather(first).to_numpy(),
        item_K=item_K,
        labels=rows.labels,
        position_K=table["position"].to_numpy() if "position" in table.columns else None,
        propensity_K=table["propensity"].to_numpy() if "propensity" in table.columns else None,
        history=history,
        context=rows.context,
    )
    binary = {action: label for action, label in rows.labels.items() if not named.is_amount(action)}
    if vocabs.labelled:
        check_classes(binary, source=source)
    report = report_impressions(
        impressions,
        source=source,
        rows=total,
        anonymous=user_id.null_count(),
        unknown_users=int(((user_I == UNKNOWN) & user_id.is_not_null().to_numpy()).sum()),
        unknown_items=int(((item_K == UNKNOWN) & table["item_id"].is_not_null().to_numpy()).sum()),
        unknown_events=0 if past is None or history is None else len(past.id_T) - history.num_events,
        problems=[problem for log in logs for problem in log.problems()],
    )
    return ReadImpressions(impressions=impressions, users=users, items=items, report=report)


def _vocab(*ids: pl.Series) -> Vocab:
    known = [one.drop_nulls() for one in ids]
    kinds = {one.dtype for one in known if len(one)} - {pl.Null}
    if len(kinds) > 1:
        known = [one.cast(pl.String) for one in known]
    known = [one for one in known if len(one)]
    return (
        Vocab.of(integers_of(pl.concat(known)) if len(kinds) > 1 else pl.concat(known))
        if known
        else Vocab.of([])
    )


def _past(history: pl.Series, separator: str) -> _Past:
    lists = history
    if history.dtype == pl.String:
        lists = history.str.strip_chars().str.split(separator)
    members = lists.list.eval(
        pl.element().filter(pl.element().is_not_null() & (pl.element().cast(pl.String) != ""))
    )
    lengths = members.list.len().fill_null(0).to_numpy().astype(np.int64)
    ids = members.explode(empty_as_null=False, keep_nulls=False)
    if history.dtype == pl.String:
        ids = integers_of(ids)
    return _Past(id_T=ids.cast(pl.Int64) if ids.dtype.is_integer() else ids, lengths=lengths)


def _histories(past: _Past, items: Vocab) -> Histories:
    """Number the items of histories; unknown ones are left out."""
    item = items.encode(past.id_T)
    stop = np.cumsum(past.lengths)
    all_of_them = Histories(
        start=stop - past.lengths, stop=stop, item=item, time=np.full(len(item), NO_TIME, dtype=np.int64)
    )
    return all_of_them.kept(item != UNKNOWN)
