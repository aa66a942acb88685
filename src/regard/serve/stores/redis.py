"""A log in Redis 7 or newer, for several processes or machines (extra ``redis``).

Each call is one script (`redis_scripts`), so a batch is stored whole or not at all. Redis is durable only
with ``appendonly yes`` and ``appendfsync always``, and keeps everything only with ``maxmemory-policy
noeviction``: the server is asked, and refused otherwise, with the lines to set. Where it will not tell (a
hosted Redis without CONFIG), ``?durable=trust`` takes the operator's word; this is the only way around.

Erasing has Redis rewrite its append-only file, and the snapshot too where it makes any, and returns when
they are there; on a trusted server that is left to its operator. Replicas and backups are beyond it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from regard.errors import ConfigError, MissingExtraError, StoreDown
from regard.serve.events import Appended, Attribute, Id, ItemChanges, Numbered, StoredEvent
from regard.serve.moments import now
from regard.serve.stores import redis_scripts as scripts
from regard.serve.stores.rows import Row, attributes_of, event_of, id_of, key_of, mark_of, row_of, text_of

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError:
    raise MissingExtraError("redis", extra="redis") from None

__all__ = ["RedisLog"]

R = TypeVar("R")
_REWRITE = 120.0  # seconds that a rewrite may take
_DURABLE = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


class RedisLog:
    """An `EventLog` in a Redis database, in keys that begin with ``{regard}:``.

    Parameters
    ----------
    url
        ``redis://user:password@host:6379/0`` or ``rediss://`` with TLS. ``?name=shop`` keeps several logs in
        one database, ``?durable=trust`` does not ask the server for its settings.

    Raises
    ------
    StoreDown
        If the server cannot be reached.
    ConfigError
        If it could lose what it acknowledged, or does not tell.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        name, self._trusted = options.pop("name", "regard"), options.pop("durable", "") == "trust"
        self._name = f"redis://{parts.hostname or ''}:{parts.port or 6379}{parts.path}"  # without password
        self._keys = [f"{{{name}}}:{key}" for key in scripts.KEYS]
        self._redis: Any = redis.Redis.from_url(
            urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(options), parts.fragment)),
            decode_responses=True,
            retry=Retry(NoBackoff(), 1),  # once, for a connection that a restart has cut
            socket_connect_timeout=5,
            socket_timeout=15,
        )
        self._scripts: dict[str, Any] = {}
        self._closed = False
        try:
            self.check()
        except BaseException:
            self.close()
            raise

    def append(self, events: Sequence[StoredEvent]) -> Appended:
        """Store events, all or none; see `EventLog.append`."""
        values: list[str | int] = []
        for event in events:
            row = row_of(event)
            text = f"{row.event_id}\0{row.user}\0{row.time}\0{row.body}"
            values += (row.event_id, row.user, row.time, text)
        stored, last = self._run(scripts.APPEND, *values)
        return Appended(stored=stored, duplicates=len(events) - stored, last=last)

    def history(self, user_id: Id, *, latest: int) -> list[StoredEvent]:
        """Return the newest events of a user, oldest first."""
        found = self._run(scripts.HISTORY, key_of(user_id, "user_id"), latest)
        return [event_of(_row(text)) for text in reversed(found)]

    def read(self, *, after: int = 0, limit: int = 10_000) -> list[Numbered]:
        """Return events by number."""
        found = self._run(scripts.READ, after, limit)
        pairs = zip(found[::2], found[1::2], strict=True)
        return [Numbered(number=int(number), event=event_of(_row(text))) for number, text in pairs]

    def users_after(self, *, after: int) -> set[Id]:
        """Return who has events whose number is above `after`."""
        return {id_of(key) for key in self._run(scripts.USERS_AFTER, after)}

    def delete_user(self, user_id: Id) -> int:
        """Erase the events of a user, also from the files of the server."""
        erased = int(self._run(scripts.ERASE, key_of(user_id, "user_id"), mark_of(user_id), now()))
        if not self._trusted:
            self._ask(self._rewrite)
        return erased

    def erased(self) -> Mapping[str, int]:
        """Return when users were erased last, by their marks."""
        kept: dict[str, str] = self._ask(lambda server: server.hgetall(self._keys[7]))
        return {mark: int(time) for mark, time in kept.items()}

    def mark_erased(self, marks: Mapping[str, int]) -> None:
        """Remember what another log's `erased` returned."""
        if marks:
            self._ask(lambda server: server.hset(self._keys[7], mapping=dict(marks)))

    def put_item(self, item_id: Id, attributes: Mapping[str, Attribute]) -> None:
        """Store the attributes of an item in place of earlier ones."""
        key, text = key_of(item_id, "item_id"), text_of(attributes)
        self._run(scripts.CHANGE_ITEM, key, text)

    def delete_item(self, item_id: Id) -> bool:
        """Hide an item; return False where it was hidden already."""
        return bool(self._run(scripts.CHANGE_ITEM, key_of(item_id, "item_id"), ""))

    def items(self) -> ItemChanges:
        """Return what was said about items."""
        kept: dict[str, str] = self._ask(lambda server: server.hgetall(self._keys[5]))
        said = [(key, *text.split("\0")) for key, text in kept.items()]
        said.sort(key=lambda one: int(one[1]))
        return ItemChanges(
            put={id_of(key): attributes_of(text) for key, _, text in said if text},
            deleted=frozenset(id_of(key) for key, _, text in said if not text),
        )

    def last(self) -> int:
        """Return the highest number that was given."""
        return int(self._ask(lambda server: server.get(self._keys[0])) or 0)

    def changes(self) -> int:
        """Return a number that rises with each erased user and each changed item."""
        return int(self._ask(lambda server: server.get(self._keys[4])) or 0)

    def check(self) -> None:
        """Raise StoreDown where the server cannot be reached, ConfigError where it is not durable."""
        self._ask(lambda server: server.ping())
        if not self._trusted:
            self._ensure_durable()

    def close(self) -> None:
        """Disconnect."""
        self._closed = True
        self._redis.close()

    def _ensure_durable(self) -> None:
        try:
            found = self._ask(lambda server: server.config_get(*_DURABLE))
        except StoreDown as error:
            if not isinstance(error.__cause__, redis.ResponseError):
                raise
            raise ConfigError(
                f"{self._name}: does not tell whether it is durable; if you know it is, add ?durable=trust"
            ) from error
        wrong = [f"{key} {value}" for key, value in _DURABLE.items() if found.get(key) != value]
        if wrong:
            raise ConfigError(f"{self._name}: could lose events; set in redis.conf: {', '.join(wrong)}")

    def _rewrite(self, server: Any) -> None:
        _start(server.bgrewriteaof)
        state = self._settled(server, "aof_rewrite_in_progress", "aof_rewrite_scheduled")
        if state["aof_last_bgrewrite_status"] == "ok" and server.config_get("save").get("save"):
            _start(server.bgsave)
            state = self._settled(server, "rdb_bgsave_in_progress")
        if "err" in (state["aof_last_bgrewrite_status"], state["rdb_last_bgsave_status"]):
            raise StoreDown(f"{self._name}: erased, but its files could not be rewritten; call again")

    def _settled(self, server: Any, *signs: str) -> dict[str, Any]:
        end = time.monotonic() + _REWRITE
        while time.monotonic() < end:
            state: dict[str, Any] = server.info("persistence")
            if not any(state[sign] for sign in signs):
                return state
            time.sleep(0.02)
        raise StoreDown(f"{self._name}: erased, but its files are still being rewritten; call again")

    def _run(self, script: str, *values: str | int) -> Any:
        if script not in self._scripts:
            self._scripts[script] = self._redis.register_script(script)
        return self._ask(lambda _: self._scripts[script](keys=self._keys, args=values))

    def _ask(self, question: Callable[[Any], R]) -> R:
        if self._closed:
            raise StoreDown(f"{self._name}: is closed")
        try:
            return question(self._redis)
        except redis.RedisError as error:
            raise StoreDown(f"{self._name}: {error}") from error


def _row(text: str) -> Row:
    event_id, user, when, body = text.split("\0")
    return Row(event_id, user, int(when), body)


def _start(command: Callable[[], Any]) -> None:
    """Start a rewrite, after one that is running already: that one may have begun before the erasing."""
    while True:
        try:
            command()
        except redis.ResponseError as error:
            if "in progress" not in str(error):
                raise
            time.sleep(0.02)
        else:
            return
