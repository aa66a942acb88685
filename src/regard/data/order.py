"""The third pass over a log: each user's events by time and row, without duplicates.

Works on blocks of users, so that memory does not grow with the log. The columns come from
`regard.data.passes` in the order of the rows of the source, which is why a stable sort by user and
time is a sort by user, time and row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from regard.data.packing import Histories
from regard.data.passes import Filled
from regard.data.store import Store

__all__ = ["Ordered", "Repeats", "order_log"]

Repeats = Literal["keep", "first", "last"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What the third pass counted.

    Parameters
    ----------
    lengths
        ``[U]`` int64 events of each user that stay.
    item_counts
        ``[V]`` int64 events of each item that stay, by its new number.
    duplicates, repeats, ties
        Events dropped as exact duplicates or as repeats; events that share user and time with the
        event before them.
    first_time, last_time
        Microseconds.
    """

    lengths: np.ndarray
    item_counts: np.ndarray
    duplicates: int
    repeats: int
    ties: int
    first_time: int
    last_time: int


def order_log(
    filled: Filled, *, store: Store, repeats: Repeats, item_number: np.ndarray, block: int
) -> Ordered:
    """Sort each block of users by time and row, drop duplicates, append to the store.

    A block has at most `block` events, unless one user alone has more.

    `item_number` (``[V]`` int32) is the number that each item of the scan's vocabulary gets, which
    differs from its own when an item before it has no event that can be used.
    """
    lengths = np.zeros(len(filled.start), dtype=np.int64)
    item_counts = np.zeros(int(item_number.max()) + 1, dtype=np.int64)
    dropped = {"duplicates": 0, "repeats": 0, "ties": 0}
    first_time, last_time = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    for low, high in _blocks(filled.stop - filled.start, size=block):
        columns, user = _sorted_block(filled, low, high)
        size = len(user)
        columns, user = _without(columns, user, _is_duplicate(columns, user))
        dropped["duplicates"] += size - len(user)
        size = len(user)
        if repeats != "keep":
            columns, user = _without(columns, user, _is_repeat(columns, user, keep=repeats))
        dropped["repeats"] += size - len(user)
        if len(user) == 0:
            continue
        time = columns["time"]
        dropped["ties"] += int(np.count_nonzero((time[1:] == time[:-1]) & (user[1:] == user[:-1])))
        first_time, last_time = min(first_time, int(time.min())), max(last_time, int(time.max()))
        lengths[low:high] = np.bincount(user, minlength=high - low)
        if "session_id" in columns:
            columns["session_id"] = _session_numbers(columns["session_id"], user)
        columns["item"] = item_number[columns["item"]]
        item_counts += np.bincount(columns["item"], minlength=len(item_counts))
        for name, column in columns.items():
            store.append(name, np.ascontiguousarray(column))
    return Ordered(
        lengths=lengths, item_counts=item_counts, first_time=first_time, last_time=last_time, **dropped
    )


def _blocks(counts: np.ndarray, *, size: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of users that together have about a block of events."""
    total = np.cumsum(counts)
    low = 0
    while low < len(counts):
        before = total[low - 1] if low else 0
        high = int(np.searchsorted(total, before + size, side="right"))
        high = max(high, low + 1)
        yield low, high
        low = high


def _sorted_block(filled: Filled, low: int, high: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the columns of the users `low` to `high`, sorted, and ``[n]`` the user of each event."""
    block = Histories(
        start=filled.start[low:high],
        stop=filled.stop[low:high],
        item=filled.columns["item"],
        time=filled.columns["time"],
    )
    events, user = block.events(), block.rows()
    time = filled.columns["time"][events]
    if not ((time[1:] >= time[:-1]) | (user[1:] != user[:-1])).all():
        events = events[np.lexsort((time, user))]
    return {name: np.asarray(column[events]) for name, column in filled.columns.items()}, user


def _is_duplicate(columns: dict[str, np.ndarray], user: np.ndarray) -> np.ndarray:
    """Mark (``[n]`` bool) the events that repeat an earlier one of the same user in everything."""
    time = columns["time"]
    tie = (time[1:] == time[:-1]) & (user[1:] == user[:-1])
    among = np.flatnonzero(np.concatenate([tie, [False]]) | np.concatenate([[False], tie]))
    marked = np.zeros(len(user), dtype=bool)
    if len(among):
        same = pl.DataFrame(
            {"user": user[among], **{name: column[among] for name, column in columns.items()}}
        )
        marked[among] = ~same.select(pl.struct(pl.all()).is_first_distinct()).to_series().to_numpy()
    return marked


def _is_repeat(columns: dict[str, np.ndarray], user: np.ndarray, *, keep: Repeats) -> np.ndarray:
    """Mark the events whose item the user has earlier (`keep` first) or later (`keep` last)."""
    pair = pl.struct("user", "item")
    wanted = pair.is_first_distinct() if keep == "first" else pair.is_last_distinct()
    frame = pl.DataFrame({"user": user, "item": columns["item"]})
    marked: np.ndarray = ~frame.select(wanted).to_series().to_numpy()
    return marked


def _without(
    columns: dict[str, np.ndarray], user: np.ndarray, marked: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    if not marked.any():
        return columns, user
    return {name: column[~marked] for name, column in columns.items()}, user[~marked]


def _session_numbers(codes: np.ndarray, user: np.ndarray) -> np.ndarray:
    """Return ``[n]`` int32: the number of the session within its user, 0 for the first; -1 for none."""
    frame = pl.DataFrame({"user": user, "code": codes}).with_row_index("row")
    first = frame.filter(pl.col("code") != -1).group_by("user", "code", maintain_order=True).agg()
    numbered = first.with_columns(number=pl.int_range(pl.len(), dtype=pl.Int32).over("user"))
    joined = frame.join(numbered, on=["user", "code"], how="left", maintain_order="left")
    return joined["number"].fill_null(-1).to_numpy()
