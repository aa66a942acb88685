"""What every log of events promises, whichever store keeps it.

One promise carries the server: what `append` acknowledged is there after any crash, once. The tests of
`tests/serve/stores` hold every promise of this file for each store, on real servers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from regard.serve.events import Appended, Attribute, Id, ItemChanges, Numbered, StoredEvent

__all__ = ["EventLog"]


class EventLog(Protocol):
    """A durable log of events, and of what was said about items.

    Every method may be called from many threads and blocks until it has an answer. Each raises `StoreDown`
    where the store cannot be reached or cannot write, and works again when it can, and `StoreCorrupt` where
    what it reads was damaged.
    """

    def append(self, events: Sequence[StoredEvent]) -> Appended:
        """Store events, all or none; return when they would survive a power cut.

        Where it raises, whether they were stored is not known: send them again, a duplicate costs nothing.
        """
        ...

    def history(self, user_id: Id, *, latest: int) -> list[StoredEvent]:
        """Return at most the `latest` newest events of a user, oldest first, by time and then by number."""
        ...

    def read(self, *, after: int = 0, limit: int = 10_000) -> list[Numbered]:
        """Return the first `limit` events whose number is above `after`, by number; none at the end."""
        ...

    def users_after(self, *, after: int) -> set[Id]:
        """Return who has events whose number is above `after`: what other processes wrote."""
        ...

    def delete_user(self, user_id: Id) -> int:
        """Erase the events of a user, also from what the store keeps beside them; return how many.

        Numbers of erased events are not given again. An event that is sent again later is new. That the user
        was erased is remembered by a mark that does not hold the id: see `erased`.
        """
        ...

    def erased(self) -> Mapping[str, int]:
        """Return when users were erased last, microseconds since 1970, by `stores.rows.mark_of` their ids.

        What a model folder knows of them from before is not to be read any more.
        """
        ...

    def mark_erased(self, marks: Mapping[str, int]) -> None:
        """Remember what another log's `erased` returned."""
        ...

    def put_item(self, item_id: Id, attributes: Mapping[str, Attribute]) -> None:
        """Store the attributes of an item in place of earlier ones; a hidden item is shown again.

        Raises
        ------
        DataError
            If a value cannot be kept, naming the attribute.
        """
        ...

    def delete_item(self, item_id: Id) -> bool:
        """Hide an item and forget its attributes; return False where it was hidden already."""
        ...

    def items(self) -> ItemChanges:
        """Return what was said about items."""
        ...

    def last(self) -> int:
        """Return the highest number that was given, 0 in an empty log; it never falls."""
        ...

    def changes(self) -> int:
        """Return a number that rises with each erased user and each changed item.

        A process that shares a log and sees it rise forgets the histories that it holds and asks `items`.
        """
        ...

    def check(self) -> None:
        """Raise `StoreDown` where the store cannot be reached, or could not write last and still cannot."""
        ...

    def close(self) -> None:
        """Finish what was begun and let go of the store; calling it again does nothing."""
        ...
