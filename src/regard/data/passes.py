"""The first two passes over a log: look, then fill. Neither holds the whole log.

1. `scan_log` reads all batches: which ids there are, how many rows each user has, how times are read.
2. `fill_log` reads them again, checks every value, and puts each event into the range of its user (a
   counting sort on the user's number, so that no event is moved twice).

The third, `regard.data.order`, sorts what lies in each range. Where the columns live is the business of
`regard.data.store`. Shape letters: T events, U users, V items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from regard.data.checks import ProblemLog, check_weights
from regard.data.ids import IdScan, clean_ids
from regard.data.store import Store
from regard.data.tables import Table
from regard.data.times import TimeReading, TimeScan
from regard.data.vocab import Vocab
from regard.errors import DataError

__all__ = ["Filled", "Scan", "fill_log", "scan_log"]

_DTYPES: Mapping[str, np.dtype] = {
    "item": np.dtype(np.int32),
    "time": np.dtype(np.int64),
    "weight": np.dtype(np.float32),
    "event_type": np.dtype(np.int32),
    "session_id": np.dtype(np.int64),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What the first pass found.

    Parameters
    ----------
    rows
        Rows of the source.
    users, items, event_types
        Vocabularies of all ids seen.
    counts
        ``[U]`` int64 rows of each user.
    times
        How the times are read.
    """

    rows: int
    users: Vocab
    items: Vocab
    counts: np.ndarray
    times: TimeReading
    event_types: Vocab | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What the second pass left: columns in which user u owns ``start[u]`` to ``stop[u]``, by row.

    Parameters
    ----------
    columns
        Flat scratch columns by name.
    start, stop
        ``[U]`` int64.
    item_counts
        ``[V]`` int64 events of each item.
    anonymous
        How many events without a user were dropped.
    """

    columns: Mapping[str, np.ndarray]
    start: np.ndarray
    stop: np.ndarray
    item_counts: np.ndarray
    anonymous: int


def scan_log(table: Table, found: Mapping[str, str], *, batch_rows: int) -> Scan:
    """Read all batches once; `found` is {our name: their name} of the columns."""
    users, items, types = (IdScan(from_text=table.from_text) for _ in range(3))
    times, rows = TimeScan(), 0
    for batch in table.batches(list(found.values()), size=batch_rows):
        users.add(_ids(batch, "user_id", found, table, rows))
        items.add(_ids(batch, "item_id", found, table, rows))
        if "event_type" in found:
            types.add(_ids(batch, "event_type", found, table, rows))
        times.add(batch[found["timestamp"]], where=_where(table, found["timestamp"]))
        rows += batch.height
    if rows == 0:
        raise DataError(f"{table.name}: the table is empty (it has columns but no rows)")
    return Scan(
        rows=rows,
        users=users.vocab(),
        items=items.vocab(),
        counts=users.counts(),
        times=times.reading(),
        event_types=types.vocab() if "event_type" in found else None,
    )


def fill_log(
    table: Table, found: Mapping[str, str], scan: Scan, *, store: Store, problems: ProblemLog, batch_rows: int
) -> Filled:
    """Read all batches again and put the events that can be used into the ranges of their users."""
    stop = np.cumsum(scan.counts)
    start = stop - scan.counts
    names = ["item", "time", *(name for name in ("weight", "event_type", "session_id") if name in found)]
    columns = {name: store.scratch(name, _DTYPES[name], int(scan.counts.sum())) for name in names}
    cursor, anonymous, first_row = start.copy(), 0, 0
    item_counts = np.zeros(len(scan.items), dtype=np.int64)
    for batch in table.batches(list(found.values()), size=batch_rows):
        user = scan.users.encode(_ids(batch, "user_id", found, table, first_row))
        values, bad = _check_batch(batch, found, scan, table=table, problems=problems, first_row=first_row)
        anonymous += int(np.count_nonzero(user < 0))
        keep = np.flatnonzero((user >= 0) & ~bad)
        order, place = _places(user[keep], cursor)
        if len(place) and place.max() >= len(columns["item"]):
            raise DataError(f"{table.name}: changed while it was being read")
        for name, column in columns.items():
            column[place] = values[name][keep[order]]
        item_counts += np.bincount(values["item"][keep], minlength=len(item_counts))
        first_row += batch.height
    return Filled(columns=columns, start=start, stop=cursor, item_counts=item_counts, anonymous=anonymous)


def _check_batch(
    batch: pl.DataFrame,
    found: Mapping[str, str],
    scan: Scan,
    *,
    table: Table,
    problems: ProblemLog,
    first_row: int,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the columns of a batch by numbers, and which rows (``[n]`` bool) cannot be used."""
    known = _ids(batch, "user_id", found, table, first_row).is_not_null().to_numpy()
    item = scan.items.encode(_ids(batch, "item_id", found, table, first_row))
    times = scan.times.read(batch[found["timestamp"]])
    values = {"item": item, "time": times.micros}
    marks = [("item_id", "null item id", item < 0)]
    marks += [("timestamp", kind, rows) for kind, rows in times.marked.items()]
    if "weight" in found:
        weight = batch[found["weight"]]
        marks += [("weight", kind, rows) for kind, rows in check_weights(weight).items()]
        values["weight"] = weight.cast(pl.Float32, strict=False).fill_null(0).to_numpy()
    if "event_type" in found and scan.event_types is not None:
        values["event_type"] = scan.event_types.encode(_ids(batch, "event_type", found, table, first_row))
    if "session_id" in found:
        values["session_id"] = _session_codes(_ids(batch, "session_id", found, table, first_row))
    bad = np.zeros(batch.height, dtype=bool)
    for ours, kind, marked in marks:
        rows = marked & known  # an event without a user is dropped whatever else it has
        problems.mark(kind, column=found[ours], rows=rows, values=batch[found[ours]], first_row=first_row)
        bad |= rows
    return values, bad


def _places(user: np.ndarray, cursor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the order of a batch by user and row, and where each event goes; moves the cursors on.

    Sorting one number made of user and row is stable by construction and ten times as fast as a
    stable sort of the users.
    """
    size = len(user)
    shift = max(size, 1).bit_length()
    key = np.sort((user.astype(np.int64) << shift) | np.arange(size, dtype=np.int64))
    order = key & ((1 << shift) - 1)
    sorted_user = key >> shift
    first = np.flatnonzero(np.diff(sorted_user, prepend=-1))
    runs = np.diff(first, append=size)
    owner = sorted_user[first]
    place = np.arange(size, dtype=np.int64) + np.repeat(cursor[owner] - first, runs)
    cursor[owner] += runs
    return order, place


def _session_codes(sessions: pl.Series) -> np.ndarray:
    """Return ``[n]`` int64 codes that differ between sessions; -1 for no session.

    A hash, since a vocabulary of all sessions would grow with the log; the third pass makes small
    numbers of it.
    """
    hashed = (sessions.hash() // 2).cast(pl.Int64)
    return hashed.set(sessions.is_null(), -1).to_numpy()


def _ids(batch: pl.DataFrame, ours: str, found: Mapping[str, str], table: Table, first_row: int) -> pl.Series:
    return clean_ids(batch[found[ours]], where=_where(table, found[ours]), first_row=first_row)


def _where(table: Table, column: str) -> str:
    return f"{table.name}: column {column!r}"
