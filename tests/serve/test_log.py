"""What every log of events promises, held by each store on its real server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from benchmarks.serve.servers import PostgresServer, RedisServer, Server
from tests.serve.examples import event

from regard.errors import DataError, StoreDown
from regard.serve.events import Appended, ItemChanges
from regard.serve.log import EventLog
from regard.serve.moments import now
from regard.serve.stores.book import open_log
from regard.serve.stores.rows import mark_of


def test_what_was_appended_is_read_in_the_order_of_its_numbers(log: EventLog) -> None:
    events = [event(n, user=n % 3, item=f"i{n}", at=-n) for n in range(5)]
    assert log.append(events[:2]) == Appended(stored=2, duplicates=0, last=2)
    assert log.append(events[2:]) == Appended(stored=3, duplicates=0, last=5)
    found = log.read()
    assert [one.number for one in found] == [1, 2, 3, 4, 5]
    assert [one.event for one in found] == events


def test_reading_goes_on_where_it_stopped(log: EventLog) -> None:
    log.append([event(n) for n in range(7)])
    assert [one.number for one in log.read(after=2, limit=3)] == [3, 4, 5]
    assert [one.number for one in log.read(after=5)] == [6, 7]
    assert log.read(after=7) == []


def test_an_event_of_every_kind_of_value_comes_back_as_it_was(log: EventLog) -> None:
    fields = {"price": 2.5, "device": "手机 \\ \" '", "count": -3, "gift": True, "coupon": None, "note": ""}
    given = [
        event("1", user=1, item="1", type="purchase", fields=fields),
        event("2", user="1", item=1),
        event("Ω", user="Жанна\n", item=-(2**63), at=-(10**15)),
        event("4", user=2**63 - 1, item="{}", at=3 * 10**15, fields={"x": 0.1 + 0.2}),
    ]
    log.append(given)
    found = [one.event for one in log.read()]
    assert found == given
    assert [type(one.user_id) for one in found] == [int, str, str, int]
    assert found[0].fields["gift"] is True


def test_the_same_event_again_is_a_duplicate_and_stored_once(log: EventLog) -> None:
    log.append([event(1), event(2)])
    assert log.append([event(2), event(3), event(3), event(1)]) == Appended(stored=1, duplicates=3, last=3)
    assert [one.event.event_id for one in log.read()] == ["e1", "e2", "e3"]
    assert log.append([]) == Appended(stored=0, duplicates=0, last=3)


def test_a_history_is_ordered_by_time_then_by_number_and_ids_keep_their_type(log: EventLog) -> None:
    log.append([event("late", user=1, at=5), event("other", user="1", at=1), event("tie1", user=1, at=3)])
    log.append([event("tie2", user=1, at=3), event("early", user=1, at=-5)])
    names = [one.event_id for one in log.history(1, latest=10)]
    assert names == ["eearly", "etie1", "etie2", "elate"]
    assert [one.event_id for one in log.history(1, latest=2)] == ["etie2", "elate"]
    assert [one.event_id for one in log.history("1", latest=10)] == ["eother"]
    assert log.history("nobody", latest=10) == []


def test_ties_are_ordered_by_number_as_numbers_not_as_texts(log: EventLog) -> None:
    log.append([event(n) for n in range(12)])
    assert [one.event_id for one in log.history("eve", latest=12)] == [f"e{n}" for n in range(12)]
    assert [one.event_id for one in log.history("eve", latest=2)] == ["e10", "e11"]


def test_who_has_newer_events_is_told(log: EventLog) -> None:
    log.append([event(1, user="a"), event(2, user=5), event(3, user="a")])
    assert log.users_after(after=0) == {"a", 5}
    assert log.users_after(after=2) == {"a"}
    assert log.users_after(after=3) == set()


def test_erasing_a_user_leaves_the_others_and_gives_no_number_again(log: EventLog) -> None:
    log.append([event(1, user=7), event(2, user="7"), event(3, user=7)])
    before = log.changes()
    assert log.delete_user(7) == 2
    assert log.changes() > before
    assert log.history(7, latest=5) == []
    assert [one.number for one in log.read()] == [2]
    assert log.last() == 3
    assert log.delete_user(7) == 0
    assert log.append([event(1, user=7)]) == Appended(stored=1, duplicates=0, last=4)


def test_that_a_user_was_erased_is_remembered_without_the_id(log: EventLog, url: str) -> None:
    assert log.erased() == {}
    log.append([event(1, user="a")])
    began = now()
    log.delete_user("a")
    log.delete_user(7)
    first = dict(log.erased())
    assert set(first) == {mark_of("a"), mark_of(7)}
    assert all(began <= moment <= now() for moment in first.values())
    log.delete_user(7)
    assert log.erased()[mark_of(7)] > first[mark_of(7)]
    log.mark_erased({mark_of("b"): 5, mark_of("a"): 6})
    log.mark_erased({})
    held = log.erased()
    assert (held[mark_of("a")], held[mark_of("b")], len(held)) == (6, 5, 3)
    log.close()
    again = open_log(url)
    try:
        assert again.erased() == held
    finally:
        again.close()


def test_the_last_word_on_an_item_counts(log: EventLog) -> None:
    assert log.items() == ItemChanges(put={}, deleted=frozenset())
    log.put_item("a", {"price": 2, "genres": ["x", "y"], "title": "Ä"})
    log.put_item(1, {})
    log.put_item("a", {"price": 3.5})
    assert log.items().put == {1: {}, "a": {"price": 3.5}}
    assert log.delete_item("a")
    assert not log.delete_item("a")
    assert log.delete_item("unknown to the log, known to a model")
    assert log.items().deleted == {"a", "unknown to the log, known to a model"}
    log.put_item("a", {"price": 4})
    assert log.items().put == {1: {}, "a": {"price": 4}}


def test_changes_rise_with_items_and_not_with_events(log: EventLog) -> None:
    seen = [log.changes()]
    log.put_item("a", {})
    seen.append(log.changes())
    log.delete_item("a")
    seen.append(log.changes())
    assert seen == sorted(set(seen))
    log.append([event(1)])
    assert log.changes() == seen[-1]


def test_attributes_that_are_no_json_are_refused(log: EventLog) -> None:
    for bad in ({"price": float("inf")}, {"when": object()}, {"tags": [["nested"]]}):
        with pytest.raises(DataError):
            log.put_item("a", bad)  # type: ignore[dict-item]
    with pytest.raises(DataError, match="item_id"):
        log.put_item("", {})
    assert log.items().put == {}


def test_everything_is_there_again_after_opening_anew(log: EventLog, url: str) -> None:
    log.append([event(n, user=n % 2) for n in range(10)])
    log.delete_user(1)
    log.put_item("a", {"price": 2})
    log.delete_item("b")
    held = (log.read(), log.last(), log.items(), log.changes())
    log.close()
    again = open_log(url)
    try:
        assert (again.read(), again.last(), again.items(), again.changes()) == held
        assert again.append([event(0)]) == Appended(stored=0, duplicates=1, last=10)
    finally:
        again.close()


def test_many_threads_append_and_each_event_is_stored_once(log: EventLog) -> None:
    barrier = threading.Barrier(8)

    def send(thread: int) -> list[Appended]:
        barrier.wait()
        # neighbours send the same events: 8 threads, 4 different streams of 30 batches of 3
        return [
            log.append([event(f"{thread // 2}-{n}-{j}", user=thread) for j in range(3)]) for n in range(30)
        ]

    with ThreadPoolExecutor(8) as pool:
        answers = [one for some in pool.map(send, range(8)) for one in some]
    found = log.read()
    assert len({one.event.event_id for one in found}) == len(found) == 360
    assert [one.number for one in found] == list(range(1, 361))
    assert sum(one.stored for one in answers) == 360
    assert sum(one.duplicates for one in answers) == 360
    assert max(one.last for one in answers) == log.last() == 360


def test_a_reader_sees_what_was_acknowledged_at_once(log: EventLog) -> None:
    for n in range(20):
        log.append([event(n)])
        assert log.history("eve", latest=1)[0].event_id == f"e{n}"


def test_a_closed_log_says_so(log: EventLog) -> None:
    log.check()
    log.close()
    log.close()
    with pytest.raises(StoreDown, match="closed"):
        log.append([event(1)])
    with pytest.raises(StoreDown, match="closed"):
        log.check()


@pytest.mark.parametrize("own_server", [PostgresServer, RedisServer], indirect=True)
def test_a_killed_server_is_down_and_what_it_acknowledged_is_there_again(own_server: Server) -> None:
    log = open_log(own_server.url)
    log.append([event(n) for n in range(10)])
    log.put_item("a", {"price": 1})
    own_server.kill()
    with pytest.raises(StoreDown, match="127"):
        log.append([event(10)])
    for ask in (log.last, log.check, log.items, lambda: log.history("eve", latest=1)):
        with pytest.raises(StoreDown):
            ask()
    own_server.start()
    log.check()
    assert log.append([event(9), event(10)]) == Appended(stored=1, duplicates=1, last=11)
    assert [one.number for one in log.read()] == list(range(1, 12))
    assert log.items().put == {"a": {"price": 1}}
    log.close()


@pytest.mark.parametrize("own_server", [PostgresServer, RedisServer], indirect=True)
def test_a_restart_between_two_calls_is_not_noticed(own_server: Server) -> None:
    log = open_log(own_server.url)
    log.append([event(1)])
    own_server.kill()
    own_server.start()
    assert log.append([event(2)]).last == 2
    log.close()
