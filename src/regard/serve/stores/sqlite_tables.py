"""The tables of a log in SQLite: how a connection is made, what they hold, whether they are whole.

Each event has a checksum of its own (events can be erased, so the sums are not chained), numbers are given
without gaps, and ``meta`` counts what was erased: so a flipped bit, a row that is gone and a damaged page or
index are all found. What was damaged in the write-ahead log is found by `sqlite_file.Head`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from regard.errors import ConfigError, StoreCorrupt, StoreDown, StoreError
from regard.serve.events import Appended, ItemChanges, Numbered
from regard.serve.stores.rows import (
    Row,
    attributes_of,
    checksum,
    event_of,
    id_of,
    item_checksum,
    mark_checksum,
)

__all__ = [
    "change_item",
    "connect",
    "corrupt",
    "ensure_tables",
    "ensure_whole",
    "erased_of",
    "events_of",
    "explained",
    "insert",
    "items_of",
    "mark",
]

Found = tuple[int, str, str, int, str, int]
_FORMAT = 1
_MARKS = """
    CREATE TABLE IF NOT EXISTS erased (
        mark TEXT PRIMARY KEY, time INTEGER NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID
"""  # files of an earlier version have none
_MARK = 1_380_271_937  # "REGA", so that no other program's database is written to
_TABLES = """
    PRAGMA application_id = 1380271937;
    BEGIN;
    CREATE TABLE events (
        number INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, user TEXT NOT NULL,
        time INTEGER NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL);
    CREATE INDEX events_of_user ON events (user, time);
    CREATE TABLE items (
        item TEXT PRIMARY KEY, change INTEGER NOT NULL, attributes TEXT, crc INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE meta (
        last INTEGER NOT NULL, erased INTEGER NOT NULL, changes INTEGER NOT NULL,
        probes INTEGER NOT NULL);
    INSERT INTO meta VALUES (0, 0, 0, 0);
    PRAGMA user_version = 1;
    COMMIT;
"""
_SHORT = 522  # SQLITE_IOERR_SHORT_READ: the file ends before a page that it should have
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def connect(path: Path, *, writes: bool) -> sqlite3.Connection:
    """Return a connection that syncs each commit and overwrites what is deleted.

    Raises
    ------
    sqlite3.Error
        If the file cannot be opened or is no database.
    """
    mode = "rwc" if writes else "rw"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    # isolation_level None: transactions are begun and ended in words, never behind our back
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        if writes:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
        else:
            connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def ensure_tables(connection: sqlite3.Connection, path: Path, *, acknowledged: int) -> None:
    """Make the tables in a new file.

    Raises
    ------
    StoreCorrupt
        If the file is empty although events were acknowledged.
    ConfigError
        If the file is the database of another program, or of a newer version.
    """
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables == 0 and acknowledged:
        raise _lost(path, 0, acknowledged)
    if tables == 0:
        connection.executescript(_TABLES)
    elif mark != _MARK:
        raise ConfigError(f"{path}: is the database of another program; name a new file for the log")
    elif version != _FORMAT:
        raise ConfigError(f"{path}: has format {version}, this version reads {_FORMAT}: update Regard")
    connection.execute(_MARKS)


def ensure_whole(connection: sqlite3.Connection, path: Path, *, acknowledged: int) -> None:
    """Read every row and index once, and see that the log reaches the number that was acknowledged last.

    Raises
    ------
    StoreCorrupt
        If one is damaged or missing, with the number of the first.
    """
    expected, rows, gap = 1, 0, 0
    try:
        for found in connection.execute("SELECT * FROM events ORDER BY number"):
            number, *_, crc = found
            if checksum(number, _row(found)) != crc:
                raise corrupt(path, number)
            gap = gap or (expected if number != expected else 0)
            expected, rows = number + 1, rows + 1
        last, erased = connection.execute("SELECT last, erased FROM meta").fetchone()
        if rows + erased != last or expected - 1 > last:
            raise corrupt(path, gap or expected)
        items_of(connection.execute("SELECT * FROM items"), path, last=last)
        erased_of(connection, path, last=last)
        if acknowledged > last:
            raise _lost(path, last, acknowledged)
        answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if answer != "ok":
            raise StoreCorrupt(f"{path}: an index is damaged ({answer}){_REMEDY}", first_bad=expected)
    except (sqlite3.DatabaseError, UnicodeDecodeError, TypeError) as error:
        raise explained(path, error, first_bad=expected) from error


def events_of(found: Iterable[Found], path: Path, *, after: int = 0) -> list[Numbered]:
    """Return the events of rows of ``events`` up to the first that is damaged.

    Raises
    ------
    StoreCorrupt
        If the very first is damaged.
    """
    events: list[Numbered] = []
    try:
        for one in found:
            row = _row(one)
            if checksum(one[0], row) != one[5]:
                raise corrupt(path, one[0])
            events.append(Numbered(number=one[0], event=event_of(row)))
    except (StoreCorrupt, sqlite3.DatabaseError, TypeError) as error:
        if events:
            return events
        raise explained(path, error, first_bad=after + 1) from error
    return events


def insert(writer: sqlite3.Connection, rows: Sequence[Row]) -> Appended:
    """Insert the rows that are new, with the numbers that follow."""
    first = last = writer.execute("SELECT last FROM meta").fetchone()[0]
    insert = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING"
    for row in rows:
        crc = checksum(last + 1, row)
        last += writer.execute(insert, (last + 1, row.event_id, row.user, row.time, row.body, crc)).rowcount
    if last > first:
        writer.execute("UPDATE meta SET last = ?", (last,))
    return Appended(stored=last - first, duplicates=len(rows) - (last - first), last=last)


def change_item(writer: sqlite3.Connection, key: str, text: str | None) -> bool:
    """Note the attributes of an item, or None to hide it; return False where it was hidden already."""
    found = writer.execute("SELECT attributes FROM items WHERE item = ?", (key,)).fetchone()
    if text is None and found is not None and found[0] is None:
        return False
    writer.execute("UPDATE meta SET changes = changes + 1")
    change = writer.execute("SELECT changes FROM meta").fetchone()[0]
    crc = item_checksum(key, change, text)
    writer.execute("REPLACE INTO items VALUES (?, ?, ?, ?)", (key, change, text, crc))
    return True


def items_of(found: Iterable[tuple[str, int, str | None, int]], path: Path, *, last: int) -> ItemChanges:
    """Return what rows of ``items`` say, in their order.

    Raises
    ------
    StoreCorrupt
        If one is damaged; its `first_bad` is beyond the `last` event, for no event is.
    """
    put, deleted = {}, set()
    for item, change, attributes, crc in found:
        if item_checksum(item, change, attributes) != crc:
            raise StoreCorrupt(f"{path}: item {item} is damaged{_REMEDY}", first_bad=last + 1)
        if attributes is None:
            deleted.add(id_of(item))
        else:
            put[id_of(item)] = attributes_of(attributes)
    return ItemChanges(put=put, deleted=frozenset(deleted))


def mark(writer: sqlite3.Connection, marks: Mapping[str, int]) -> None:
    """Note when users were erased."""
    rows = [(user, time, mark_checksum(user, time)) for user, time in marks.items()]
    writer.executemany("REPLACE INTO erased VALUES (?, ?, ?)", rows)


def erased_of(reader: sqlite3.Connection, path: Path, *, last: int) -> dict[str, int]:
    """Return when users were erased, by their marks.

    Raises
    ------
    StoreCorrupt
        If a mark is damaged; its `first_bad` is beyond the `last` event, for no event is.
    """
    if not reader.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'erased'").fetchone()[0]:
        return {}  # a file of an earlier version that is only read
    marks = {}
    for user, time, crc in reader.execute("SELECT * FROM erased"):
        if mark_checksum(user, time) != crc:
            raise StoreCorrupt(f"{path}: the mark of an erased user is damaged{_REMEDY}", first_bad=last + 1)
        marks[user] = time
    return marks


def corrupt(path: Path, number: int) -> StoreCorrupt:
    """Return the error for an event that is damaged or gone."""
    return StoreCorrupt(
        f"{path}: event number {number} is damaged or missing, those before it are intact{_REMEDY}",
        first_bad=number,
    )


def _lost(path: Path, last: int, acknowledged: int) -> StoreCorrupt:
    """Return the error for a log that ends before what was acknowledged."""
    return StoreCorrupt(
        f"{path}: the events numbered {last + 1} to {acknowledged} were acknowledged and are gone, those "
        f"before are intact{_REMEDY}; if the file was replaced on purpose, delete {path}-head",
        first_bad=last + 1,
    )


def explained(path: Path, error: Exception, *, first_bad: int = 1) -> StoreError:
    """Return what an error of SQLite means for the caller."""
    if isinstance(error, StoreError):
        return error
    code = getattr(error, "sqlite_errorcode", None)
    text_is_broken = isinstance(error, TypeError | UnicodeDecodeError) or (
        isinstance(error, sqlite3.OperationalError) and "decode" in str(error)
    )
    if text_is_broken or (code is not None and (code & 0xFF in _DAMAGED or code == _SHORT)):
        return corrupt(path, first_bad)
    return StoreDown(f"{path}: {error}")


def _row(found: Found) -> Row:
    return Row(found[1], found[2], found[3], found[4])


_REMEDY = "; copy what is intact to a new log with: regard events copy OLD NEW --rescue"
