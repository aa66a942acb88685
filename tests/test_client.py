"""The client: what it sends arrives, what is refused for now is sent again, and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx2
import pytest
from tests.serve.living import House, living

from regard import client as clients
from regard.client import AsyncClient, Client, Event, ServerError
from regard.model import Model
from regard.serve.rates import Rates


@pytest.fixture(scope="module")
def house(coloured: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("client")
    coloured.save(folder / "model")
    with living(folder / "model", folder / "events.db", rates=Rates(per_second=4, burst=15)) as house:
        yield house


@pytest.fixture
def client(house: House) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{house.port}") as client:
        yield client


def test_events_change_a_list(client: Client) -> None:
    before = client.recommend(user="eve", k=5)
    assert (before.fallback, before.reason) == (True, "no_history")
    assert client.send([Event(user_id="eve", item_id=item) for item in ("i1", "i5")]) == 2
    after = client.recommend(user="eve", k=5, explain=True, deny=["i9"])
    assert (after.fallback, len(after.items), len(after.why)) == (False, 5, 5)
    assert after.items != before.items


def test_the_same_event_is_stored_once(client: Client) -> None:
    event = Event(user_id="eve", item_id="i2", type="view", fields={"device": "phone"})
    assert (client.send(event), client.send(event)) == (1, 0)


def test_items_and_users_come_and_go(client: Client) -> None:
    assert client.put_item("a/new one", {"colour": "red"}) is True
    client.delete_item("a/new one")
    client.send(Event(user_id="gone", item_id="i1"))
    assert len(client.export_user("gone")["events"]) == 1
    assert client.erase_user("gone") == 1
    assert client.reload()


def test_what_is_refused_for_good_is_told(client: Client) -> None:
    with pytest.raises(ServerError, match="422 unprocessable"):
        client.recommend(user="eve", k=10_000)


def test_what_is_refused_for_now_is_asked_again(house: House, client: Client) -> None:
    for _ in range(24):  # more than the burst: some of these are told to come again
        client.export_user("eve")
    assert 'reason="rate_limited"' in house.service.counters.text({})


def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_event(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = httpx2.Client.request, []

    def losing(self: httpx2.Client, method: str, url: str, json: object) -> httpx2.Response:
        answer = real(self, method, url, json=json)
        if not lost and answer.is_success:  # and not one that asks to come back later
            lost.append(answer)
            raise httpx2.ReadError("lost on its way")
        return answer

    monkeypatch.setattr(httpx2.Client, "request", losing)
    monkeypatch.setattr(clients, "_PAUSE", 0.01)
    assert client.send(Event(user_id="lost", item_id="i1")) == 0  # the first attempt had stored it
    assert len(client.export_user("lost")["events"]) == 1


def test_code_that_does_not_wait_gets_the_same(house: House, client: Client) -> None:
    async def both() -> list[object]:
        async with AsyncClient(f"http://127.0.0.1:{house.port}") as waiting:
            assert await waiting.send(Event(user_id="async", item_id="i3")) == 1
            return list((await waiting.recommend(user="async")).items)

    assert asyncio.run(both()) == client.recommend(user="async").items
