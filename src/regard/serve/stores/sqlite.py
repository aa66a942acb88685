"""A log in one file, by SQLite: for one process, and the default.

Write-ahead log, a sync for each commit, group commit (`group`), and a checksum for each event, all of which
are read when the log is opened. Whatever SQLite recovered from its write-ahead log is moved to the database
and synced then: after a failed sync the pages in memory may differ from those on disk, and only writing them
again makes them true (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
Erasing overwrites the rows (``secure_delete``) and empties the write-ahead log; what a file system or a disk
keeps of blocks that were overwritten is beyond it, and so are backups.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from regard.errors import StoreBusy, StoreCorrupt, StoreDown
from regard.serve.events import Appended, Attribute, Id, ItemChanges, Numbered, StoredEvent
from regard.serve.moments import now
from regard.serve.stores.group import GroupWriter, Work
from regard.serve.stores.pool import Pool
from regard.serve.stores.rows import (
    id_of,
    key_of,
    mark_of,
    row_of,
    text_of,
)
from regard.serve.stores.sqlite_file import FileLock, Head, read_head, sync_folder
from regard.serve.stores.sqlite_tables import (
    change_item,
    connect,
    corrupt,
    ensure_tables,
    ensure_whole,
    erased_of,
    events_of,
    explained,
    insert,
    items_of,
    mark,
)

__all__ = ["SQLiteLog"]

R = TypeVar("R")
_BY_USER = "SELECT * FROM events WHERE user = ? ORDER BY time DESC, number DESC LIMIT ?"
_BY_NUMBER = "SELECT * FROM events WHERE number > ? AND number < ? ORDER BY number LIMIT ?"


class SQLiteLog:
    """An `EventLog` in a file.

    Parameters
    ----------
    path
        The file; it and its folder are made if they are missing. Beside it lie ``-wal``, ``-shm``, ``-lock``
        and ``-head``.
    read_only
        Read a log that another process may be writing to, or one that is damaged: nothing is locked, and
        `read` gives what is before the first damaged event, then raises.

    Raises
    ------
    StoreBusy
        If another process writes to it.
    StoreCorrupt
        If an event is damaged, or an acknowledged one is gone.
    StoreDown
        If it cannot be opened.
    ConfigError
        If the file belongs to another program or a newer version.

    Examples
    --------
    >>> import tempfile
    >>> log = SQLiteLog(Path(tempfile.mkdtemp()) / "events.db")
    >>> event = StoredEvent(event_id="a1", user_id="eve", item_id=7, time=1_700_000_000_000_000)
    >>> log.append([event])
    Appended(stored=1, duplicates=0, last=1)
    >>> log.append([event])
    Appended(stored=0, duplicates=1, last=1)
    >>> log.history("eve", latest=10) == [event]
    True
    >>> log.close()
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self._path = Path(path)
        self._pool = Pool(lambda: connect(self._path, writes=False), name=str(path))
        self._failed = False  # whether the last transaction could not be written
        self._closed = False
        self._damage: StoreCorrupt | None = None  # of a log that is read all the same
        self._group: GroupWriter[sqlite3.Connection] | None = None
        if read_only:
            try:
                self._see(self._look_for_damage)
            except BaseException:
                self.close()
                raise
            return
        with contextlib.ExitStack() as undo:
            self._lock = FileLock(self._path)
            undo.callback(self._lock.release)
            try:
                self._writer = connect(self._path, writes=True)
                undo.callback(self._writer.close)
                self._head = self._ready()
                undo.callback(self._head.close)
                self._make_durable()
            except (sqlite3.Error, OSError) as error:
                raise explained(self._path, error) from error
            undo.pop_all()
        self._group = GroupWriter(self._transact, name=str(self._path))

    def append(self, events: Sequence[StoredEvent]) -> Appended:
        """Store events, all or none; see `EventLog.append`."""
        rows = [row_of(event) for event in events]
        return self._write(lambda writer: insert(writer, rows))

    def history(self, user_id: Id, *, latest: int) -> list[StoredEvent]:
        """Return the newest events of a user, oldest first."""
        key = key_of(user_id, "user_id")
        found = self._see(lambda reader: reader.execute(_BY_USER, (key, latest)).fetchall())
        events = events_of(found, self._path)
        if len(events) < len(found):
            raise corrupt(self._path, found[len(events)][0])
        return [one.event for one in reversed(events)]

    def read(self, *, after: int = 0, limit: int = 10_000) -> list[Numbered]:
        """Return events by number; up to the first that is damaged, which raises when it is the first."""
        end = self._damage.first_bad if self._damage else 2**63 - 1
        found = self._see(
            lambda reader: events_of(reader.execute(_BY_NUMBER, (after, end, limit)), self._path, after=after)
        )
        if self._damage and not found:
            raise self._damage
        return found

    def users_after(self, *, after: int) -> set[Id]:
        """Return who has events whose number is above `after`."""
        query = "SELECT DISTINCT user FROM events WHERE number > ?"
        return {id_of(key) for (key,) in self._see(lambda reader: reader.execute(query, (after,)).fetchall())}

    def delete_user(self, user_id: Id) -> int:
        """Erase the events of a user: overwritten in the file, and gone from the write-ahead log.

        Raises
        ------
        StoreBusy
            If a reader holds old pages in the write-ahead log; calling again erases them there too.
        """
        key, marks = key_of(user_id, "user_id"), {mark_of(user_id): now()}

        def erase(writer: sqlite3.Connection) -> int:
            gone = writer.execute("DELETE FROM events WHERE user = ?", (key,)).rowcount
            writer.execute("UPDATE meta SET erased = erased + ?, changes = changes + 1", (gone,))
            mark(writer, marks)
            return gone

        erased = self._write(erase)
        self._see(self._empty_journal)
        return erased

    def erased(self) -> Mapping[str, int]:
        """Return when users were erased last, by their marks."""
        last = self.last()
        return self._see(lambda reader: erased_of(reader, self._path, last=last))

    def mark_erased(self, marks: Mapping[str, int]) -> None:
        """Remember what another log's `erased` returned."""
        self._write(lambda writer: mark(writer, marks))

    def put_item(self, item_id: Id, attributes: Mapping[str, Attribute]) -> None:
        """Store the attributes of an item in place of earlier ones."""
        key, text = key_of(item_id, "item_id"), text_of(attributes)
        self._write(lambda writer: change_item(writer, key, text))

    def delete_item(self, item_id: Id) -> bool:
        """Hide an item; return False where it was hidden already."""
        key = key_of(item_id, "item_id")
        return self._write(lambda writer: change_item(writer, key, None))

    def items(self) -> ItemChanges:
        """Return what was said about items."""
        found = self._see(lambda reader: reader.execute("SELECT * FROM items ORDER BY change").fetchall())
        return items_of(found, self._path, last=self.last())

    def last(self) -> int:
        """Return the highest number that was given."""
        return int(self._see(lambda reader: reader.execute("SELECT last FROM meta").fetchone()[0]))

    def changes(self) -> int:
        """Return a number that rises with each erased user and each changed item."""
        return int(self._see(lambda reader: reader.execute("SELECT changes FROM meta").fetchone()[0]))

    def check(self) -> None:
        """Raise StoreDown where the file cannot be read, or could not be written last and still cannot."""
        if self._failed:
            self._write(lambda writer: writer.execute("UPDATE meta SET probes = probes + 1"))
        self.last()

    def close(self) -> None:
        """Finish what was begun, put all into one file and let go of it."""
        if self._closed:
            return
        self._closed = True
        if self._group is not None:
            self._group.close()
        self._pool.close()
        if self._group is not None:
            self._writer.close()
            self._head.close()
            self._lock.release()

    def _ready(self) -> Head:
        head = Head(self._path)
        try:
            acknowledged = head.read()
            ensure_tables(self._writer, self._path, acknowledged=acknowledged)
            ensure_whole(self._writer, self._path, acknowledged=acknowledged)
        except BaseException:
            head.close()
            raise
        return head

    def _look_for_damage(self, reader: sqlite3.Connection) -> None:
        head = Path(f"{self._path}-head")
        acknowledged = read_head(head.read_bytes()) if head.exists() else 0  # before the log, which may grow
        try:
            reader.execute("BEGIN")  # one view of rows and counts while another process writes
            ensure_whole(reader, self._path, acknowledged=acknowledged)
        except StoreCorrupt as damage:
            self._damage = damage
        finally:
            if reader.in_transaction:  # an error may have ended it
                reader.execute("ROLLBACK")

    def _make_durable(self) -> None:
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        sync_folder(self._path.parent)

    def _empty_journal(self, reader: sqlite3.Connection) -> None:
        busy = reader.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StoreBusy(f"{self._path}: a reader holds old pages; call again to erase them there too")

    def _write(self, work: Callable[[sqlite3.Connection], R]) -> R:
        if self._group is None:
            raise StoreDown(f"{self._path}: was opened for reading only")
        return self._group.do(work)

    def _transact(self, works: Sequence[Work[sqlite3.Connection]]) -> list[Any]:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            answers = [work(self._writer) for work in works]
            last = self._writer.execute("SELECT last FROM meta").fetchone()[0]
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            self._failed = True
            self._abandon()
            raise explained(self._path, error) from error
        self._failed = False
        self._head.write(last)
        return answers

    def _abandon(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
            self._writer.execute("ROLLBACK")

    def _see(self, look: Callable[[sqlite3.Connection], R]) -> R:
        try:
            with self._pool.lend() as reader:
                return look(reader)
        except sqlite3.Error as error:
            raise explained(self._path, error) from error
