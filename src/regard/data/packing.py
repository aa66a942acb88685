"""Histories laid end to end: no padding anywhere outside the dense kernel.

`Histories` are views into the flat, possibly memory-mapped event arrays of a `Dataset`: taking users,
cutting to the latest events or hiding what came after a date copies nothing. `PackedBatch` is what a
model reads: the events of some users as tensors. Neither knows what a model does with it.

Shape letters: T events, U users.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

__all__ = ["NO_TIME", "Histories", "PackedBatch"]

NO_TIME: Final = -(2**63)  # stands where a time is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """The events of U users: for each a range of the flat event arrays, oldest first.

    Parameters
    ----------
    start, stop
        ``[U]`` int64, the range of each user; an empty range is a user without events.
    item
        Flat int32 item numbers.
    time
        Flat int64 microseconds since 1970 (UTC), or since the log's own zero; `NO_TIME` if not known.
    fields
        Further flat columns by name, for instance ``weight`` or ``event_type``.
    asked
        ``[U]`` int64 microseconds: when each user is recommended something; None if that is not known.

    Examples
    --------
    >>> histories = Histories.of([[3, 1, 2], [5]])
    >>> histories.latest(2).items_of(0)
    array([1, 2], dtype=int32)
    >>> histories.take(np.array([1])).lengths
    array([1])
    """

    start: np.ndarray
    stop: np.ndarray
    item: np.ndarray
    time: np.ndarray
    fields: Mapping[str, np.ndarray] = field(default_factory=dict)
    asked: np.ndarray | None = None

    @classmethod
    def of(cls, items: list[list[int]], times: list[list[int]] | None = None) -> Histories:
        """Make histories from lists of item numbers and optionally of times (default: 0, 1, 2 ...)."""
        lengths = np.array([len(row) for row in items], dtype=np.int64)
        stop = np.cumsum(lengths, dtype=np.int64)
        flat = [number for row in items for number in row]
        when = [t for row in times for t in row] if times is not None else _ranks(lengths)
        item = np.array(flat, dtype=np.int32)
        return cls(start=stop - lengths, stop=stop, item=item, time=np.array(when, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.start)

    @property
    def lengths(self) -> np.ndarray:
        """``[U]`` number of events of each user."""
        lengths: np.ndarray = self.stop - self.start
        return lengths

    @property
    def num_events(self) -> int:
        """Number of events of all these users."""
        return int(self.lengths.sum())

    def items_of(self, row: int) -> np.ndarray:
        """Return the item numbers of one user, oldest first."""
        return self.item[self.start[row] : self.stop[row]]

    def times_of(self, row: int) -> np.ndarray:
        """Return the times of one user, oldest first."""
        return self.time[self.start[row] : self.stop[row]]

    def take(self, rows: np.ndarray | slice) -> Histories:
        """Return the histories of some users, in the order of `rows`; nothing is copied."""
        asked = None if self.asked is None else self.asked[rows]
        return replace(self, start=self.start[rows], stop=self.stop[rows], asked=asked)

    def latest(self, count: int) -> Histories:
        """Return the same users with at most their `count` latest events."""
        return replace(self, start=np.maximum(self.start, self.stop - count))

    def without_latest(self, count: int) -> Histories:
        """Return the same users without their `count` latest events."""
        return replace(self, stop=np.maximum(self.start, self.stop - count))

    def before(self, time: int) -> Histories:
        """Return the same users with only what happened before `time` (microseconds)."""
        early = np.concatenate([[0], np.cumsum(self.time < time, dtype=np.int64)])
        return replace(self, stop=self.start + early[self.stop] - early[self.start])

    def events(self) -> np.ndarray:
        """Return ``[T]`` positions of the events in the flat arrays, user by user."""
        lengths = self.lengths
        first = np.cumsum(lengths) - lengths
        events: np.ndarray = np.arange(int(lengths.sum()), dtype=np.int64) + np.repeat(
            self.start - first, lengths
        )
        return events

    def rows(self) -> np.ndarray:
        """Return ``[T]`` the row (0 to U - 1) that each event belongs to."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)

    def only(self, keep_V: np.ndarray) -> Histories:
        """Return a compact copy with the events whose item is marked in `keep_V` (bool, ``[V]``)."""
        events, rows = self.events(), self.rows()
        kept = keep_V[self.item[events]]
        counts = np.bincount(rows[kept], minlength=len(self)).astype(np.int64)
        stop, chosen = np.cumsum(counts), events[kept]
        return Histories(
            start=stop - counts,
            stop=stop,
            item=np.asarray(self.item[chosen]),
            time=np.asarray(self.time[chosen]),
            fields={name: np.asarray(column[chosen]) for name, column in self.fields.items()},
            asked=self.asked,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedBatch:
    """T events of U users as tensors, laid end to end.

    Parameters
    ----------
    item_T
        ``[T]`` int64 item numbers.
    time_T
        ``[T]`` int64 microseconds.
    fields
        One ``[T, ...]`` column for each further field of the schema.
    offsets
        ``[U + 1]`` int64: user u owns the events ``offsets[u]`` to ``offsets[u + 1]``.
    user_U
        ``[U]`` int64 user numbers, -1 for a history that belongs to no known user. Only for messages.
    asked_U
        ``[U]`` int64 microseconds: when the next item is asked for, `NO_TIME` where that is not known; None
        if it is known of nobody.

    Examples
    --------
    >>> batch = PackedBatch.of(Histories.of([[3, 1, 2], [5]]))
    >>> batch.offsets.tolist(), batch.item_T.tolist()
    ([0, 3, 4], [3, 1, 2, 5])
    """

    item_T: Tensor
    time_T: Tensor
    offsets: Tensor
    user_U: Tensor
    fields: Mapping[str, Tensor] = field(default_factory=dict)
    asked_U: Tensor | None = None

    @classmethod
    def of(cls, histories: Histories, user: np.ndarray | None = None) -> PackedBatch:
        """Pack `histories`; `user` (``[U]``) names their users in messages."""
        events = histories.events()
        known = np.full(len(histories), -1, dtype=np.int64) if user is None else user.astype(np.int64)
        return cls(
            item_T=torch.from_numpy(histories.item[events].astype(np.int64)),
            time_T=torch.from_numpy(histories.time[events].astype(np.int64)),
            offsets=torch.from_numpy(np.concatenate([[0], np.cumsum(histories.lengths)]).astype(np.int64)),
            user_U=torch.from_numpy(known),
            fields={name: torch.from_numpy(column[events]) for name, column in histories.fields.items()},
            asked_U=None if histories.asked is None else torch.from_numpy(histories.asked),
        )

    @property
    def num_users(self) -> int:
        """U, the number of users, those without events included."""
        return len(self.offsets) - 1

    @property
    def num_events(self) -> int:
        """T, the number of events."""
        return len(self.item_T)

    @property
    def lengths(self) -> Tensor:
        """``[U]`` number of events of each user."""
        return self.offsets[1:] - self.offsets[:-1]

    def to(self, device: str | torch.device) -> PackedBatch:
        """Return the batch with its tensors on `device`."""
        return PackedBatch(
            item_T=self.item_T.to(device),
            time_T=self.time_T.to(device),
            offsets=self.offsets.to(device),
            user_U=self.user_U.to(device),
            fields={name: column.to(device) for name, column in self.fields.items()},
            asked_U=None if self.asked_U is None else self.asked_U.to(device),
        )


def _ranks(lengths: np.ndarray) -> list[int]:
    return [rank for length in lengths.tolist() for rank in range(length)]
