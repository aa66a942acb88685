"""A log in PostgreSQL, for several processes or machines (extra ``postgres``).

A transaction begins by locking the one row of ``regard_meta``, so that numbers rise in the order of
commits: whoever has seen number 9 will never see 8 come. Group commit (`group`) makes up for the waiting.
A server that does not sync (``fsync = off``) is refused, and ``synchronous_commit`` is turned on where it
is off. Where the connection is lost in a commit nobody knows what became of it: the events are sent once
more, which their ``event_id`` makes safe, and only then counted as stored or duplicate.

Erasing deletes the rows and vacuums: the bytes stay in free space and in the server's own write-ahead log
until they are overwritten, and in its backups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from regard.errors import ConfigError, MissingExtraError, StoreDown
from regard.serve.events import Appended, Attribute, Id, ItemChanges, Numbered, StoredEvent
from regard.serve.moments import now
from regard.serve.stores.group import GroupWriter, Work
from regard.serve.stores.pool import Pool
from regard.serve.stores.rows import Row, attributes_of, event_of, id_of, key_of, mark_of, row_of, text_of

try:
    import psycopg
except ImportError:
    raise MissingExtraError("psycopg", extra="postgres") from None

__all__ = ["PostgresLog"]

R = TypeVar("R")
_Cursor = psycopg.Cursor[Any]
_LOST = (psycopg.OperationalError, psycopg.InterfaceError)
_TABLES = """
    CREATE TABLE IF NOT EXISTS regard_events (
        number bigint PRIMARY KEY, event_id text COLLATE "C" NOT NULL UNIQUE,
        user_key text COLLATE "C" NOT NULL, time bigint NOT NULL, body text NOT NULL);
    CREATE INDEX IF NOT EXISTS regard_events_of_user ON regard_events (user_key, time, number);
    CREATE TABLE IF NOT EXISTS regard_items (
        item text COLLATE "C" PRIMARY KEY, change bigint NOT NULL, attributes text);
    CREATE TABLE IF NOT EXISTS regard_erased (
        mark text COLLATE "C" PRIMARY KEY, time bigint NOT NULL);
    CREATE TABLE IF NOT EXISTS regard_meta (
        one boolean PRIMARY KEY CHECK (one), last bigint NOT NULL, changes bigint NOT NULL);
    INSERT INTO regard_meta VALUES (true, 0, 0) ON CONFLICT DO NOTHING;
"""
_MAKING = 7_355_608  # of the lock under which the tables are made, once
_INSERT = """
    INSERT INTO regard_events
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[])
"""
_MARK = "INSERT INTO regard_erased VALUES (%s, %s) ON CONFLICT (mark) DO UPDATE SET time = excluded.time"


class PostgresLog:
    """An `EventLog` in a PostgreSQL database, in tables whose names begin with ``regard_``.

    Parameters
    ----------
    url
        ``postgresql://user:password@host:5432/database``, as libpq reads it.

    Raises
    ------
    StoreDown
        If the server cannot be reached.
    ConfigError
        If it does not sync what it commits.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._url = url
        self._name = f"postgresql://{parts.hostname or ''}{parts.path}"  # without user and password
        self._pool = Pool(self._connect, name=self._name)
        try:
            with self._pool.lend() as connection:
                _ensure_durable(connection, self._name)
                with connection.transaction(), connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
                    cursor.execute(_TABLES)
        except psycopg.Error as error:
            self._pool.close()
            raise self._down(error) from error
        self._group: GroupWriter[_Cursor] = GroupWriter(self._transact, name=self._name)

    def append(self, events: Sequence[StoredEvent]) -> Appended:
        """Store events, all or none; see `EventLog.append`."""
        rows = [row_of(event) for event in events]
        return self._group.do(lambda cursor: _insert(cursor, rows))

    def history(self, user_id: Id, *, latest: int) -> list[StoredEvent]:
        """Return the newest events of a user, oldest first."""
        query = (
            "SELECT event_id, user_key, time, body FROM regard_events WHERE user_key = %s "
            "ORDER BY time DESC, number DESC LIMIT %s"
        )
        found = self._rows(query, key_of(user_id, "user_id"), latest)
        return [event_of(Row(*one)) for one in reversed(found)]

    def read(self, *, after: int = 0, limit: int = 10_000) -> list[Numbered]:
        """Return events by number."""
        query = (
            "SELECT number, event_id, user_key, time, body FROM regard_events WHERE number > %s "
            "ORDER BY number LIMIT %s"
        )
        found = self._rows(query, after, limit)
        return [Numbered(number=number, event=event_of(Row(*row))) for number, *row in found]

    def users_after(self, *, after: int) -> set[Id]:
        """Return who has events whose number is above `after`."""
        found = self._rows("SELECT DISTINCT user_key FROM regard_events WHERE number > %s", after)
        return {id_of(key) for (key,) in found}

    def delete_user(self, user_id: Id) -> int:
        """Erase the events of a user, and have the server free their space."""
        key, mark, moment = key_of(user_id, "user_id"), mark_of(user_id), now()

        def erase(cursor: _Cursor) -> int:
            gone = cursor.execute("DELETE FROM regard_events WHERE user_key = %s", (key,)).rowcount
            cursor.execute("UPDATE regard_meta SET changes = changes + 1")
            cursor.execute(_MARK, (mark, moment))
            return gone

        erased = self._group.do(erase)
        self._see(lambda connection: connection.execute("VACUUM regard_events"))
        return erased

    def erased(self) -> Mapping[str, int]:
        """Return when users were erased last, by their marks."""
        return dict(self._rows("SELECT mark, time FROM regard_erased"))

    def mark_erased(self, marks: Mapping[str, int]) -> None:
        """Remember what another log's `erased` returned."""
        self._group.do(lambda cursor: cursor.executemany(_MARK, list(marks.items())))

    def put_item(self, item_id: Id, attributes: Mapping[str, Attribute]) -> None:
        """Store the attributes of an item in place of earlier ones."""
        key, text = key_of(item_id, "item_id"), text_of(attributes)
        self._group.do(lambda cursor: _change_item(cursor, key, text))

    def delete_item(self, item_id: Id) -> bool:
        """Hide an item; return False where it was hidden already."""
        key = key_of(item_id, "item_id")
        return self._group.do(lambda cursor: _change_item(cursor, key, None))

    def items(self) -> ItemChanges:
        """Return what was said about items."""
        found = self._rows("SELECT item, attributes FROM regard_items ORDER BY change")
        return ItemChanges(
            put={id_of(key): attributes_of(text) for key, text in found if text is not None},
            deleted=frozenset(id_of(key) for key, text in found if text is None),
        )

    def last(self) -> int:
        """Return the highest number that was given."""
        return int(self._rows("SELECT last FROM regard_meta")[0][0])

    def changes(self) -> int:
        """Return a number that rises with each erased user and each changed item."""
        return int(self._rows("SELECT changes FROM regard_meta")[0][0])

    def check(self) -> None:
        """Raise StoreDown where the server cannot be reached or takes no writes."""
        if self._rows("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool")[0][0]:
            raise StoreDown(f"{self._name}: takes no writes")

    def close(self) -> None:
        """Finish what was begun and disconnect."""
        self._group.close()
        self._pool.close()

    def _connect(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=5,
            tcp_user_timeout=10_000,
            application_name="regard",
        )
        if connection.execute("SHOW synchronous_commit").fetchone() == ("off",):
            connection.execute("SET synchronous_commit = on")
        return connection

    def _transact(self, works: Sequence[Work[_Cursor]]) -> list[Any]:
        def commit(connection: psycopg.Connection[Any]) -> list[Any]:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute("SELECT last FROM regard_meta FOR UPDATE")
                return [work(cursor) for work in works]

        return self._see(commit)

    def _rows(self, query: str, *values: object) -> list[Any]:
        return self._see(lambda connection: connection.execute(query.encode(), values).fetchall())

    def _see(self, look: Callable[[psycopg.Connection[Any]], R]) -> R:
        """Run it; again, once, on a new connection, where the one at hand was lost."""
        try:
            try:
                with self._pool.lend() as connection:
                    return look(connection)
            except _LOST:
                self._pool.forget()
                with self._pool.lend() as connection:
                    return look(connection)
        except psycopg.Error as error:
            raise self._down(error) from error

    def _down(self, error: psycopg.Error) -> StoreDown:
        return StoreDown(f"{self._name}: {' '.join(str(error).split()) or type(error).__name__}")


def _ensure_durable(connection: psycopg.Connection[Any], name: str) -> None:
    if connection.execute("SHOW fsync").fetchone() == ("off",):
        raise ConfigError(f"{name}: would lose events in a power cut; set fsync = on in postgresql.conf")


def _insert(cursor: _Cursor, rows: Sequence[Row]) -> Appended:
    found = cursor.execute("SELECT last FROM regard_meta").fetchone()
    assert found is not None, "the row is made with the table"
    first = found[0]
    names = [row.event_id for row in rows]
    known = cursor.execute("SELECT event_id FROM regard_events WHERE event_id = ANY(%s)", (names,)).fetchall()
    new = {row.event_id: row for row in reversed(rows)}  # of two with the same name the first
    for (name,) in known:
        del new[name]
    fresh = list(reversed(new.values()))
    last = first + len(fresh)
    if fresh:
        columns = (
            list(range(first + 1, last + 1)),
            [row.event_id for row in fresh],
            [row.user for row in fresh],
            [row.time for row in fresh],
            [row.body for row in fresh],
        )
        cursor.execute(_INSERT, columns)
        cursor.execute("UPDATE regard_meta SET last = %s", (last,))
    return Appended(stored=len(fresh), duplicates=len(rows) - len(fresh), last=last)


def _change_item(cursor: _Cursor, key: str, text: str | None) -> bool:
    found = cursor.execute("SELECT attributes FROM regard_items WHERE item = %s", (key,)).fetchone()
    if text is None and found is not None and found[0] is None:
        return False
    cursor.execute("UPDATE regard_meta SET changes = changes + 1")
    cursor.execute(
        "INSERT INTO regard_items SELECT %s, changes, %s FROM regard_meta "
        "ON CONFLICT (item) DO UPDATE SET change = excluded.change, attributes = excluded.attributes",
        (key, text),
    )
    return True
