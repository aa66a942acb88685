"""Events: one or many, each once, all or none."""

from __future__ import annotations

from typing import Any

import pytest
from tests.serve.living import House


def post(house: House, document: Any) -> Any:
    return house.client.post("/v1/events", json=document)


def test_one_event_or_many_are_stored_once(house: House) -> None:
    one = {"event_id": "r1", "user_id": "ann", "item_id": "i1"}
    assert post(house, one).json()["stored"] == 1
    again = post(house, {"events": [one, {**one, "event_id": "r2"}]}).json()
    assert (again["stored"], again["duplicates"]) == (1, 1)


def test_a_batch_with_one_bad_event_stores_none(house: House) -> None:
    good = {"event_id": "r3", "user_id": "ann", "item_id": "i1"}
    last = house.service.log.last()
    assert post(house, {"events": [good, {**good, "event_id": "r4", "time": "never"}]}).status_code == 422
    assert house.service.log.last() == last


@pytest.mark.parametrize("time", ["3000-01-01T00:00:00Z", "yesterday", 2**62])
def test_a_time_that_cannot_be_is_refused(house: House, time: Any) -> None:
    answer = post(house, {"event_id": "r5", "user_id": "ann", "item_id": "i1", "time": time})
    assert answer.status_code == 422
    assert "a time" in answer.json()["error"]["message"]


def test_what_an_event_says_comes_back(house: House) -> None:
    event = {"event_id": "r6", "user_id": "ben", "item_id": 7, "type": "view", "fields": {"n": 1, "x": None}}
    post(house, {**event, "time": 1_700_000_000}).raise_for_status()
    kept = house.client.get("/v1/users/ben/export").json()["events"][0]
    assert kept == {
        "event_id": "r6", "item_id": "7", "time": "2023-11-14T22:13:20Z", "type": "view", "fields": event["fields"],
    }  # fmt: skip
