"""The scripts keep numbers exact where Lua would round them, and leave nothing of an erased user behind."""

from __future__ import annotations

import redis
from benchmarks.serve.servers import RedisServer
from tests.serve.examples import event

from regard.serve.stores.redis import RedisLog
from regard.serve.stores.redis_scripts import KEYS


def test_numbers_of_many_digits_are_exact(redis_server: RedisServer) -> None:
    redis_server.empty()
    log = RedisLog(redis_server.url)
    with redis.Redis(port=redis_server.port) as admin:
        admin.set("{regard}:last", 2**52)
    log.append([event(n) for n in range(3)])
    assert [one.number for one in log.read()] == [2**52 + 1, 2**52 + 2, 2**52 + 3]
    assert [one.event_id for one in log.history("eve", latest=2)] == ["e1", "e2"]
    assert [one.number for one in log.read(after=2**52 + 2)] == [2**52 + 3]
    assert log.delete_user("eve") == 3
    assert log.read() == []
    log.close()


def test_every_key_is_in_one_slot_and_none_is_of_an_erased_user(redis_server: RedisServer) -> None:
    redis_server.empty()
    log = RedisLog(redis_server.url)
    log.append([event(1, user="a"), event(2, user="b")])
    log.delete_user("a")
    log.put_item("x", {})
    with redis.Redis(port=redis_server.port, decode_responses=True) as admin:
        assert sorted(admin.keys()) == sorted(f"{{regard}}:{key}" for key in (*KEYS[:6], KEYS[7], 'user:"b"'))
        assert admin.hkeys("{regard}:ids") == ["e2"]
    log.close()
