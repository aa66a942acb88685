"""The third pass over a log: each user's events by time and row, without duplicates.

Works on blocks of users, so that memory does not grow with the log. The columns of a block come from
`regard.data.passes` in the order of the rows of the source, which is why a stable sort by user and
time is a sort by user, time and row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from regard.data.passes import Filled
from regard.data.store import Store
from regard.data.times import MICROSECONDS

__all__ = ["Ordered", "Repeats", "by_user_and_time", "order_log"]

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


def order_log(filled: Filled, *, store: Store, repeats: Repeats, item_number: np.ndarray) -> Ordered:
    """Sort each block of users by user, time and row, drop duplicates, append to the store.

    `item_number` (``[V]`` int32) is the number that each item of the scan's vocabulary gets, which
    differs from its own when an item before it has no event that can be used.
    """
    lengths = np.zeros(len(filled.has_user), dtype=np.int64)
    item_counts = np.zeros(int(item_number.max()) + 1, dtype=np.int64)
    dropped = {"duplicates": 0, "repeats": 0, "ties": 0}
    first_time, last_time = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    for block in range(len(filled.start)):
        low, high = filled.first_user[block], filled.first_user[block + 1]
        columns, user = _sorted_block(filled, block)
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


def _sorted_block(filled: Filled, block: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the columns of a block, sorted, and ``[n]`` the user of each event, 0 for the first."""
    events = slice(filled.start[block], filled.stop[block])
    columns = {name: np.asarray(column[events]) for name, column in filled.columns.items()}
    user = columns.pop("user") - np.int32(filled.first_user[block])
    order = by_user_and_time(user, columns["time"])
    return {name: column[order] for name, column in columns.items()}, user[order]


def by_user_and_time(user: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Return the stable order of events by user (``[n]`` int32, not negative) and time (``[n]`` int64).

    One number made of both is sorted, where they fit into 63 bits, since that takes a third of the
    time of a stable sort by two keys; events that share user and time are put in order of row after it.

    Examples
    --------
    >>> by_user_and_time(np.array([1, 0, 1, 1]), np.array([5, 9, 5, 2])).tolist()
    [1, 3, 0, 2]
    """
    if len(user) == 0:
        return np.empty(0, dtype=np.int64)
    since = time - time.min()
    user_bits, bits = int(user.max()).bit_length(), int(since.max()).bit_length()
    if user_bits + bits > 63 and not (time % MICROSECONDS).any():  # most logs have whole seconds
        since //= MICROSECONDS
        bits = int(since.max()).bit_length()
    if user_bits + bits > 63 or since.min() < 0:  # the second: the span itself overflows
        return np.lexsort((time, user))
    key = (user.astype(np.int64) << bits) | since
    order = np.argsort(key)
    key = key[order]
    tied = _with_neighbour(key[1:] == key[:-1])
    order[tied] = order[tied][np.lexsort((order[tied], key[tied]))]
    return order


def _is_duplicate(columns: dict[str, np.ndarray], user: np.ndarray) -> np.ndarray:
    """Mark (``[n]`` bool) the events that repeat an earlier one of the same user in everything."""
    time = columns["time"]
    tie = (time[1:] == time[:-1]) & (user[1:] == user[:-1])
    among = _with_neighbour(tie)
    marked = np.zeros(len(user), dtype=bool)
    if len(among):
        same = pl.DataFrame(
            {"user": user[among], **{name: column[among] for name, column in columns.items()}}
        )
        marked[among] = ~same.select(pl.struct(pl.all()).is_first_distinct()).to_series().to_numpy()
    return marked


def _with_neighbour(same: np.ndarray) -> np.ndarray:
    """Return the places of events that equal the one after or before; `same` compares each with the next."""
    return np.flatnonzero(np.concatenate([same, [False]]) | np.concatenate([[False], same]))


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
