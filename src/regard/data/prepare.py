"""prepare: from the caller's tables to a Dataset and a report of everything that was understood.

With a folder, the log streams: it is read in batches (the ids once, the rest twice) and its columns are
files, so that memory grows with the users and the items but not with the events. Without one, the same
passes fill arrays in memory, so both give the same data set. What the passes do: `regard.data.passes` and
`regard.data.order`; what is refused: `regard.data.checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import pydantic

from regard.config import Config
from regard.data.attributes import Attributes, align
from regard.data.checks import Problem, ProblemLog, check_enough
from regard.data.dataset import Dataset
from regard.data.event_fields import event_kinds
from regard.data.histories import Histories
from regard.data.order import Ordered, Repeats, order_log
from regard.data.passes import Filled, Scan, fill_log, scan_log
from regard.data.report import RARE, DataReport, Lengths, table_report, time_report, warn
from regard.data.schema import Columns
from regard.data.store import FolderStore, MemoryStore, Store, further, open_dataset, save_tables
from regard.data.tables import Source, Table, open_table
from regard.data.times import MICROSECONDS
from regard.data.vocab import Vocab

__all__ = ["PrepareOptions", "Prepared", "prepare"]

_FEBRUARY_1970 = 31 * 86_400 * MICROSECONDS


class PrepareOptions(Config):
    """How a log is prepared.

    Attributes
    ----------
    on_bad
        What happens to rows that cannot be used: ``"error"`` refuses the log and names them all,
        ``"drop"`` drops and counts them. Events without a user are always dropped and counted.
    repeats
        What happens when a user has an item again at another time: ``"keep"`` all, or only the
        ``"first"`` or the ``"last"``.
    batch_rows
        About how many rows are in memory at once; the result does not depend on it.
    """

    on_bad: Literal["error", "drop"] = "error"
    repeats: Repeats = "keep"
    batch_rows: int = pydantic.Field(default=1 << 20, ge=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A prepared log.

    Parameters
    ----------
    dataset
        The events by numbers, with the tables of items and users beside them.
    report
        What was read, understood, dropped and counted.
    """

    dataset: Dataset
    report: DataReport


def prepare(
    events: Source,
    *,
    items: Source | None = None,
    users: Source | None = None,
    columns: Columns | Mapping[str, Any] | None = None,
    folder: str | Path | None = None,
    options: PrepareOptions | None = None,
) -> Prepared:
    """Read an event log, check it, and number its users and items.

    Parameters
    ----------
    events
        A path (Parquet, CSV, TSV, gzipped or not, a folder of Parquet files) or a Polars, pandas or
        Arrow table, with the columns ``user_id``, ``item_id``, ``timestamp`` and optionally
        ``weight``, ``event_type``, ``session_id``.
    items, users
        Likewise, one row per ``item_id`` or ``user_id`` and any further columns.
    columns
        The caller's names of columns: ``{"user_id": "CustomerID"}``. Further columns of the events are read
        only if they are named: ``{"event_fields": ["Quantity", "device=category"]}``.
    folder
        Where to keep the data set; then nothing of the size of the log is held in memory.
    options
        What happens to rows that cannot be used and to repeated events.

    Raises
    ------
    SchemaError
        If a column is missing or has a type that cannot be read.
    DataError
        If rows cannot be used (all are named), or if too little is left.

    Examples
    --------
    >>> log = {"user_id": ["b", "a", "b"], "item_id": [7, 7, 9], "timestamp": [20, 30, 10]}
    >>> prepared = prepare(log)
    >>> prepared.dataset.users.ids.to_list(), prepared.dataset.histories.items_of(1).tolist()
    (['a', 'b'], [1, 0])
    """
    named = Columns.of(columns)
    chosen = options or PrepareOptions()
    if folder is None:
        return _prepare(events, items, users, columns=named, options=chosen, store=MemoryStore())
    place = Path(folder).expanduser()
    with FolderStore(place) as store:
        prepared = _prepare(events, items, users, columns=named, options=chosen, store=store)
        save_tables(prepared.dataset, store.path, report=prepared.report.to_json())
        store.publish()
    return replace(prepared, dataset=open_dataset(place))


def _prepare(
    events: Source,
    items: Source | None,
    users: Source | None,
    *,
    columns: Columns,
    options: PrepareOptions,
    store: Store,
) -> Prepared:
    table = open_table(events)
    found = columns.find(table.columns, source=table.name)
    columns.check_event_fields(table.columns, source=table.name)
    own = event_kinds(table, columns.event_fields)
    files = {further(number): name for number, name in enumerate(own)}
    kinds = {file: own[name] for file, name in files.items()}
    found |= files
    item_source = None if items is None else open_table(items, kind="items")
    user_source = None if users is None else open_table(users, kind="users")
    problems = ProblemLog(table.name)
    scan = scan_log(table, found, store=store, problems=problems, batch_rows=options.batch_rows, kinds=kinds)
    filled = fill_log(table, found, scan, store=store, problems=problems, batch_rows=options.batch_rows)
    if options.on_bad == "error":
        problems.refuse()
    has_user, has_item = filled.has_user, filled.item_counts > 0
    check_enough(
        source=table.name,
        events=int(filled.item_counts.sum()),
        users=int(has_user.sum()),
        items=int(has_item.sum()),
        dropped=_dropped(filled, problems),
    )
    item_number = (np.cumsum(has_item) - 1).astype(np.int32)
    ordered = order_log(filled, store=store, repeats=options.repeats, item_number=item_number)
    user_vocab, item_vocab = (
        Vocab(scan.ids[name].vocab.ids.filter(pl.Series(has)))
        for name, has in (("user_id", has_user), ("item_id", has_item))
    )
    item_rows = align(item_source, item_vocab, columns=columns, ours="item_id", on_bad=options.on_bad)
    user_rows = align(user_source, user_vocab, columns=columns, ours="user_id", on_bad=options.on_bad)
    dataset = Dataset(
        users=user_vocab,
        items=item_vocab,
        histories=_histories(store, ordered.lengths[has_user], names=files),
        item_table=item_rows.table,
        user_table=user_rows.table,
        event_types=scan.ids["event_type"].vocab if "event_type" in scan.ids else None,
        event_vocabs={name: scan.ids[file].vocab for file, name in files.items() if file in scan.ids},
        event_readings={files[file]: reading for file, reading in scan.fields.items()},
    )
    report = _report(
        table,
        {ours: theirs for ours, theirs in found.items() if ours not in files} | {n: n for n in own},
        scan=scan,
        filled=filled,
        ordered=ordered,
        tables=(item_rows, user_rows),
        problems=problems.problems(),
    )
    return Prepared(dataset=dataset, report=report)


def _dropped(filled: Filled, problems: ProblemLog) -> list[str]:
    anonymous = [f"events without a user: {filled.anonymous:,}"] if filled.anonymous else []
    return anonymous + [problem.describe() for problem in problems.problems()]


def _histories(store: Store, lengths: np.ndarray, *, names: Mapping[str, str]) -> Histories:
    columns = dict(store.finish())
    stop = np.cumsum(lengths)
    item, time = columns.pop("item"), columns.pop("time")
    fields = {names.get(name, name): column for name, column in columns.items()}
    return Histories(start=stop - lengths, stop=stop, item=item, time=time, fields=fields)


def _report(
    table: Table,
    found: Mapping[str, str],
    *,
    scan: Scan,
    filled: Filled,
    ordered: Ordered,
    tables: tuple[Attributes, Attributes],
    problems: tuple[Problem, ...],
) -> DataReport:
    lengths = ordered.lengths[ordered.lengths > 0]
    events, items = int(lengths.sum()), len(ordered.item_counts)
    item_rows, user_rows = tables
    report = DataReport(
        source=table.name,
        columns=dict(found),
        rows=scan.rows,
        events=events,
        users=len(lengths),
        items=items,
        anonymous=filled.anonymous,
        bad=scan.rows - filled.anonymous - int(filled.item_counts.sum()),
        duplicates=ordered.duplicates,
        repeats=ordered.repeats,
        ties=ordered.ties,
        time=time_report(scan.times, first=ordered.first_time, last=ordered.last_time),
        density=events / (len(lengths) * items),
        lengths=Lengths.of(lengths),
        rare_items=float(np.mean(ordered.item_counts < RARE)),
        item_table=table_report(item_rows),
        user_table=table_report(user_rows),
        problems=(*problems, *item_rows.problems, *user_rows.problems),
    )
    return warn(report, dates_of_1970=ordered.last_time < _FEBRUARY_1970)
