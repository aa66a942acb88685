"""The first two passes over a log: look, then fill. Neither holds the whole log.

1. `scan_log` reads all batches: it gives every user and item a code, which it keeps in the store, and
   finds out which ids there are, how many rows each user has, how times (and further columns) are read.
2. `fill_log` reads the other columns again, checks every value, and puts each event into the range of
   its block of users (a counting sort on the block, so that no event is moved twice).

The third, `regard.data.order`, sorts what lies in each range. Where the columns live is the business of
`regard.data.store`. Shape letters: T events, U users, V items, B blocks of users.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from regard.data.checks import ProblemLog, check_weights
from regard.data.event_fields import FieldReading, FieldScan, categories
from regard.data.ids import IdScan, Numbering, clean_ids
from regard.data.schema import EventKind
from regard.data.store import Store
from regard.data.tables import Table
from regard.data.times import TimeReading, TimeScan
from regard.errors import DataError

__all__ = ["Filled", "Scan", "fill_log", "scan_log"]

_DTYPES: Mapping[str, np.dtype] = {
    "user": np.dtype(np.int32),
    "item": np.dtype(np.int32),
    "time": np.dtype(np.int64),
    "weight": np.dtype(np.float32),
    "event_type": np.dtype(np.int32),
    "session_id": np.dtype(np.int64),
}
_IDS = ("user_id", "item_id", "event_type")
_MOST_BLOCKS = 60_000  # block numbers are 16 bits wide, which NumPy sorts by counting


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What the first pass found; the codes of the ids are columns of the store.

    Parameters
    ----------
    rows
        Rows of the source.
    ids
        By our name of the column, the numbering of its ids.
    times
        How the times are read.
    fields
        How further columns are read that are no categories.
    """

    rows: int
    ids: Mapping[str, Numbering]
    times: TimeReading
    fields: Mapping[str, FieldReading]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What the second pass left: columns in which block b owns ``start[b]`` to ``stop[b]``, by row.

    Parameters
    ----------
    columns
        Flat scratch columns by name.
    first_user
        ``[B + 1]`` int64: block b holds the users ``first_user[b]`` to ``first_user[b + 1]``.
    start, stop
        ``[B]`` int64.
    has_user
        ``[U]`` bool: which users have an event that can be used.
    item_counts
        ``[V]`` int64 events of each item.
    anonymous
        How many events without a user were dropped.
    """

    columns: Mapping[str, np.ndarray]
    first_user: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    has_user: np.ndarray
    item_counts: np.ndarray
    anonymous: int


def scan_log(
    table: Table,
    found: Mapping[str, str],
    *,
    store: Store,
    problems: ProblemLog,
    batch_rows: int,
    kinds: Mapping[str, EventKind] | None = None,
) -> Scan:
    """Read all batches once; `found` is {our name: their name}, `kinds` the kinds of further columns."""
    kinds = kinds or {}
    coded = [
        *(name for name in _IDS if name in found),
        *(n for n, kind in kinds.items() if kind == "category"),
    ]
    scans = {name: IdScan(from_text=table.from_text) for name in coded}
    fields = {name: FieldScan(kind) for name, kind in kinds.items() if kind != "category"}
    needed = [found[name] for name in (*scans, "timestamp", *fields)]
    times, rows = TimeScan(), 0
    for batch in table.batches(needed, size=batch_rows):
        codes = {}
        for name, scan in scans.items():
            where = _where(table, found[name])
            values = categories(batch[found[name]]) if name in kinds else batch[found[name]]
            codes[name] = scan.add(clean_ids(values, where=where, first_row=rows))
            store.append(_code(name), codes[name])
        times.add(batch[found["timestamp"]], where=_where(table, found["timestamp"]))
        for name, field in fields.items():
            field.add(batch[found[name]], where=_where(table, found[name]))
        # An event without a user is dropped whatever else it has.
        itemless = (codes["item_id"] < 0) & (codes["user_id"] >= 0)
        values = batch[found["item_id"]]
        problems.mark("null item id", column=found["item_id"], rows=itemless, values=values, first_row=rows)
        rows += batch.height
    if rows == 0:
        raise DataError(f"{table.name}: the table is empty (it has columns but no rows)")
    ids = {name: scan.numbering() for name, scan in scans.items()}
    readings = {name: field.reading() for name, field in fields.items()}
    return Scan(rows=rows, ids=ids, times=times.reading(), fields=readings)


def fill_log(
    table: Table, found: Mapping[str, str], scan: Scan, *, store: Store, problems: ProblemLog, batch_rows: int
) -> Filled:
    """Read the other columns again and put the events that can be used into the ranges of their blocks."""
    counts = scan.ids["user_id"].counts
    first_user = _blocks(counts, size=max(batch_rows, 2 * scan.rows // _MOST_BLOCKS))
    block_of = np.repeat(np.arange(len(first_user) - 1, dtype=np.uint16), np.diff(first_user))
    total = np.concatenate([[0], np.cumsum(counts)])[first_user]
    dtypes = dict(_DTYPES) | dict.fromkeys(scan.fields, np.dtype(np.float32))
    dtypes |= {name: np.dtype(np.int32) for name in scan.ids if name not in _IDS}
    names = ["user", "item", "time", *(name for name in found if name in dtypes)]
    columns = {name: store.scratch(name, dtypes[name], int(total[-1])) for name in names}
    codes = {name: store.column(_code(name)) for name in scan.ids}
    cursor, anonymous, first_row = total[:-1].copy(), 0, 0
    item_counts = np.zeros(len(scan.ids["item_id"].vocab), dtype=np.int64)
    has_user = np.zeros(len(counts), dtype=bool)
    needed = [theirs for ours, theirs in found.items() if ours not in scan.ids]
    for batch in table.batches(needed, size=batch_rows):
        rows = slice(first_row, first_row + batch.height)
        if rows.stop > scan.rows:
            raise DataError(f"{table.name}: changed while it was being read")
        numbers = {name: scan.ids[name].numbers[column[rows]] for name, column in codes.items()}
        user, item = numbers["user_id"], numbers["item_id"]
        values, bad = _check_batch(
            batch, found, scan, table=table, known=user >= 0, problems=problems, first_row=first_row
        )
        values |= numbers | {"user": user, "item": item}
        anonymous += int(np.count_nonzero(user < 0))
        keep = np.flatnonzero((user >= 0) & (item >= 0) & ~bad)
        order, place = _places(block_of[user[keep]], cursor)
        order = keep[order]
        for name, column in columns.items():
            column[place] = values[name][order]
        has_user[user[keep]] = True
        item_counts += np.bincount(item[keep], minlength=len(item_counts))
        first_row = rows.stop
    if first_row != scan.rows:
        raise DataError(f"{table.name}: changed while it was being read")
    for name in codes:
        store.drop(_code(name))
    return Filled(
        columns=columns,
        first_user=first_user,
        start=total[:-1],
        stop=cursor,
        has_user=has_user,
        item_counts=item_counts,
        anonymous=anonymous,
    )


def _check_batch(
    batch: pl.DataFrame,
    found: Mapping[str, str],
    scan: Scan,
    *,
    table: Table,
    known: np.ndarray,
    problems: ProblemLog,
    first_row: int,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return what a batch has beside its ids, and which of its rows (``[n]`` bool) cannot be used."""
    times = scan.times.read(batch[found["timestamp"]])
    values = {"time": times.micros}
    marks = [("timestamp", kind, rows) for kind, rows in times.marked.items()]
    if "weight" in found:
        weight = batch[found["weight"]]
        marks += [("weight", kind, rows) for kind, rows in check_weights(weight).items()]
        values["weight"] = weight.cast(pl.Float32, strict=False).fill_null(0).to_numpy()
    if "session_id" in found:
        theirs = found["session_id"]
        sessions = clean_ids(batch[theirs], where=_where(table, theirs), first_row=first_row)
        values["session_id"] = _session_codes(sessions)
    for name, reading in scan.fields.items():
        read = reading.read(batch[found[name]])
        marks += [(name, kind, rows) for kind, rows in read.marked.items()]
        values[name] = read.value
    bad = np.zeros(batch.height, dtype=bool)
    for ours, kind, marked in marks:
        rows = marked & known
        problems.mark(kind, column=found[ours], rows=rows, values=batch[found[ours]], first_row=first_row)
        bad |= rows
    return values, bad


def _blocks(counts: np.ndarray, *, size: int) -> np.ndarray:
    """Return ``[B + 1]`` the first users of blocks of at most `size` rows, unless one user has more."""
    total = np.cumsum(counts)
    first = [0]
    while first[-1] < len(counts):
        before = int(total[first[-1] - 1]) if first[-1] else 0
        first.append(max(int(np.searchsorted(total, before + size, side="right")), first[-1] + 1))
    return np.array(first, dtype=np.int64)


def _places(block: np.ndarray, cursor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the order of a batch by block and row, and where each event goes; moves the cursors on."""
    order = np.argsort(block, kind="stable")
    counts = np.bincount(block, minlength=len(cursor))
    first = np.cumsum(counts) - counts
    place = np.arange(len(block), dtype=np.int64) + np.repeat(cursor - first, counts)
    cursor += counts
    return order, place


def _session_codes(sessions: pl.Series) -> np.ndarray:
    """Return ``[n]`` int64 codes that differ between sessions; -1 for no session.

    A hash, since a vocabulary of all sessions would grow with the log; the third pass makes small
    numbers of it.
    """
    hashed = (sessions.hash() // 2).cast(pl.Int64)
    return hashed.set(sessions.is_null(), -1).to_numpy()


def _code(name: str) -> str:
    return f"{name}.code"


def _where(table: Table, column: str) -> str:
    return f"{table.name}: column {column!r}"
