"""Histories: the events of users as ranges of flat arrays.

They are views into the flat, possibly memory-mapped event arrays of a `Dataset`: taking users, cutting
to the latest events or hiding what came after a date copies nothing, whatever the size of the log. It
does not know tensors, so that a log can be prepared and looked at without PyTorch.

Shape letters: T events, U users.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

__all__ = ["Histories"]


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
    user
        ``[U]`` numbers of the users, -1 for a history that belongs to no known user; None: of all of them.

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
    user: np.ndarray | None = None

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
        user = None if self.user is None else self.user[rows]
        return replace(self, start=self.start[rows], stop=self.stop[rows], asked=asked, user=user)

    def of_users(self) -> Histories:
        """Return the same histories, row u of which is that of user u unless it is already known whose it is.

        Examples
        --------
        >>> Histories.of([[3], [1], [2]]).of_users().take(np.array([2, 0])).user
        array([2, 0])
        """
        return self if self.user is not None else replace(self, user=np.arange(len(self)))

    def latest(self, count: int) -> Histories:
        """Return the same users with at most their `count` latest events."""
        return replace(self, start=np.maximum(self.start, self.stop - count))

    def without_latest(self, count: int) -> Histories:
        """Return the same users without their `count` latest events."""
        return replace(self, stop=np.maximum(self.start, self.stop - count))

    def before(self, time: int) -> Histories:
        """Return the same users with only what happened before `time` (microseconds)."""
        low, high = self.start.copy(), self.stop.copy()
        open_U = np.flatnonzero(low < high)
        while len(open_U):  # a binary search in all histories at once
            middle = (low[open_U] + high[open_U]) // 2
            early = self.time[middle] < time
            low[open_U[early]] = middle[early] + 1
            high[open_U[~early]] = middle[~early]
            open_U = open_U[low[open_U] < high[open_U]]
        return replace(self, stop=low)

    def blocks(self, events: int) -> Iterator[Histories]:
        """Yield all users in order, in blocks of at most `events` events, unless one user has more."""
        total, low = np.concatenate([[0], np.cumsum(self.lengths)]), 0
        while low < len(self):
            high = max(int(np.searchsorted(total, total[low] + events, side="right")) - 1, low + 1)
            yield self.take(slice(low, high))
            low = high

    def of_events(self, column: np.ndarray) -> np.ndarray:
        """Return ``[T]`` the values of a flat column, user by user: a view where no event lies between."""
        if len(self) and np.array_equal(self.start[1:], self.stop[:-1]):
            between: np.ndarray = column[self.start[0] : self.stop[-1]]
            return between
        return np.asarray(column[self.events()])

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
        return self.kept(keep_V[self.item[self.events()]])

    def kept(self, keep_T: np.ndarray) -> Histories:
        """Return a compact copy with the events that are marked in `keep_T` (bool, ``[T]``)."""
        events, rows = self.events(), self.rows()
        counts = np.bincount(rows[keep_T], minlength=len(self)).astype(np.int64)
        stop, chosen = np.cumsum(counts), events[keep_T]
        return replace(
            self,
            start=stop - counts,
            stop=stop,
            item=np.asarray(self.item[chosen]),
            time=np.asarray(self.time[chosen]),
            fields={name: np.asarray(column[chosen]) for name, column in self.fields.items()},
        )


def _ranks(lengths: np.ndarray) -> list[int]:
    return [rank for length in lengths.tolist() for rank in range(length)]
