"""State: the histories of the users who came lately, in memory; everybody else's is on disk.

What is here is never older than what was acknowledged: a user whose event is being written is taken out
before, and what was read meanwhile is not kept. So the next request after an acknowledged event sees it. The
memory is bounded by bytes; who was not asked for the longest leaves first. It belongs to one snapshot of a
model, whose numbers the histories are in. Every method is called from the event loop only.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from regard.serve.events import Id
from regard.serve.snapshot import History

__all__ = ["Reading", "UserStates"]

_ENTRY = 600  # bytes of an entry beside its arrays, by estimate: objects, id, links


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A history that is being read from the log."""

    user: Id


class UserStates:
    """Least recently used users leave first.

    Parameters
    ----------
    capacity
        Bytes; 0 keeps nothing, which is right where other processes write to the same log.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._bytes = 0
        self._kept: OrderedDict[Id, History] = OrderedDict()
        self._reading: dict[Id, Reading] = {}
        self._writing: dict[Id, int] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def nbytes(self) -> int:
        """Bytes that are taken, by estimate."""
        return self._bytes

    def get(self, user: Id) -> History | None:
        """Return the history of a user, if it is here."""
        found = self._kept.get(user)
        if found is not None:
            self._kept.move_to_end(user)
        return found

    def reading(self, user: Id) -> Reading:
        """Say that the log is asked for a user; hand what comes to `read`."""
        mark = Reading(user)
        if user not in self._writing:
            self._reading[user] = mark
        return mark

    def read(self, mark: Reading, history: History | None) -> None:
        """Keep what the log said, unless an event was written meanwhile; None if it said nothing."""
        if self._reading.get(mark.user) is mark:
            del self._reading[mark.user]
            if history is not None:
                self._keep(mark.user, history)

    def begin(self, users: set[Id]) -> dict[Id, History]:
        """Take users out before their events are written; return what was known of them."""
        before = {}
        for user in users:
            self._writing[user] = self._writing.get(user, 0) + 1
            self._reading.pop(user, None)
            history = self._drop(user)
            if history is not None and self._writing[user] == 1:
                before[user] = history
        return before

    def end(self, users: set[Id], after: dict[Id, History]) -> None:
        """Say that writing is over, and what is now known of users whose events were written alone."""
        for user in users:
            self._writing[user] -= 1
            if not self._writing[user]:
                del self._writing[user]
                if user in after:
                    self._keep(user, after[user])

    def alone(self, user: Id) -> bool:
        """Whether one request only is writing events of a user."""
        return self._writing.get(user) == 1

    def forget(self, user: Id) -> None:
        """Drop a user."""
        self._reading.pop(user, None)
        self._drop(user)

    def _keep(self, user: Id, history: History) -> None:
        self._drop(user)
        if history.nbytes + _ENTRY > self._capacity:
            return
        self._kept[user] = history
        self._bytes += history.nbytes + _ENTRY
        while self._bytes > self._capacity:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.nbytes + _ENTRY

    def _drop(self, user: Id) -> History | None:
        found = self._kept.pop(user, None)
        if found is not None:
            self._bytes -= found.nbytes + _ENTRY
        return found
