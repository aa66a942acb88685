"""Redis: only a durable one is taken, a killed one loses nothing, and erasing reaches its files."""

from __future__ import annotations

import time

import pytest
import redis
from benchmarks.serve.servers import RedisServer
from tests.serve.examples import event

from regard.errors import ConfigError, StoreDown
from regard.serve.stores.redis import RedisLog


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("appendonly", "no", "appendonly yes"),
        ("appendfsync", "everysec", "appendfsync always"),
        ("maxmemory-policy", "allkeys-lru", "maxmemory-policy noeviction"),
    ],
)
def test_a_server_that_could_lose_events_is_refused_with_what_to_set(
    redis_server: RedisServer, name: str, value: str, message: str
) -> None:
    redis_server.empty()
    log = RedisLog(redis_server.url)
    with redis.Redis(port=redis_server.port, decode_responses=True) as admin:
        before = admin.config_get(name)[name]
        admin.config_set(name, value)
        try:
            with pytest.raises(ConfigError, match=message):
                RedisLog(redis_server.url)
            with pytest.raises(ConfigError, match=message):
                log.check()  # also where it was changed later
            RedisLog(f"{redis_server.url}?durable=trust").close()
        finally:
            admin.config_set(name, before)
            while admin.info("persistence")["aof_rewrite_in_progress"]:
                time.sleep(0.02)
    log.close()


@pytest.mark.parametrize("own_server", [RedisServer], indirect=True)
def test_a_server_that_does_not_tell_is_refused_and_can_be_trusted(own_server: RedisServer) -> None:
    with redis.Redis(port=own_server.port) as admin:
        admin.acl_setuser("app", enabled=True, passwords=["+word"], keys=["*"], commands=["+@all", "-config"])
    url = own_server.url.replace("redis://", "redis://app:word@")
    with pytest.raises(ConfigError, match=r"does not tell .* \?durable=trust"):
        RedisLog(url)
    log = RedisLog(f"{url}?durable=trust")
    assert log.append([event(1, user="a")]).stored == 1
    assert log.delete_user("a") == 1
    log.close()


@pytest.mark.parametrize("own_server", [RedisServer], indirect=True)
def test_an_erased_user_is_in_none_of_the_files(own_server: RedisServer) -> None:
    def held() -> bytes:
        return b"".join(path.read_bytes() for path in own_server.folder.rglob("*") if path.is_file())

    with redis.Redis(port=own_server.port) as admin:
        admin.config_set("save", "3600 1")
        log = RedisLog(own_server.url)
        for n in range(100):
            user = "Margarethe-Q" if n % 4 == 0 else f"u{n % 5}"
            log.append([event(f"{user}-{n}", user=user, fields={"note": f"{n} {user}"})])
        admin.save()
    assert b"Margarethe-Q" in held()
    assert log.delete_user("Margarethe-Q") == 25
    assert b"Margarethe-Q" not in held()
    assert len(log.read()) == 75
    log.close()
    own_server.kill()
    own_server.start()
    log = RedisLog(own_server.url)
    assert len(log.read()) == 75
    log.close()


def test_several_logs_share_a_database(redis_server: RedisServer) -> None:
    redis_server.empty()
    one, other = RedisLog(redis_server.url), RedisLog(f"{redis_server.url}?name=other")
    one.append([event(1)])
    assert other.last() == 0
    other.append([event(1), event(2)])
    assert (one.last(), other.last()) == (1, 2)
    one.close()
    other.close()


def test_a_full_memory_stops_acknowledging_and_more_goes_on(redis_server: RedisServer) -> None:
    redis_server.empty()
    log = RedisLog(redis_server.url)
    log.append([event(1)])
    with redis.Redis(port=redis_server.port) as admin:
        admin.config_set("maxmemory", "1mb")
        try:
            with pytest.raises(StoreDown, match="maxmemory"):
                log.append([event(n) for n in range(2, 5)])
            assert log.last() == 1
        finally:
            admin.config_set("maxmemory", "0")
    assert log.append([event(n) for n in range(2, 5)]).stored == 3
    log.close()
