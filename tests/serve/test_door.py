"""Who gets in, what every answer carries, what the log says of it."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.serve.living import House, living

from regard.serve.door import scope_of
from regard.serve.keys import KeyFile
from regard.serve.rates import Rates

EVENT = {"event_id": "e1", "user_id": "secret-user", "item_id": "i1"}


@pytest.fixture(scope="module")
def locked(shop_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, KeyFile]]:
    folder = tmp_path_factory.mktemp("locked")
    keys = KeyFile(folder / "keys.json")
    keys.add("first", ["read"])
    with living(shop_folder, folder / "events.db", keys=KeyFile(keys.path)) as house:
        yield house, keys


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_every_path_but_health_needs_a_key(locked: tuple[House, KeyFile]) -> None:
    house, keys = locked
    key = keys.add("reader", ["read", "write", "admin"])
    document = house.client.get("/openapi.json", headers=bearer(key)).json()
    for path, operations in document["paths"].items():
        for method in operations:
            answer = house.client.request(method, path)
            assert answer.status_code == (200 if "/health/" in path else 401), (method, path)
    assert house.client.get("/openapi.json").status_code == 401
    assert house.client.get("/nothing").status_code == 401


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("read", {"read"}), ("write", {"write"}), ("admin", {"read", "write", "admin"})],
)
def test_a_key_may_do_what_its_scopes_say(
    locked: tuple[House, KeyFile], scope: str, allowed: set[str]
) -> None:
    house, keys = locked
    key = bearer(keys.add("one", [scope]))  # type: ignore[list-item]
    asked = {
        "read": house.client.post("/v1/recommendations", json={"user_id": "u1"}, headers=key),
        "write": house.client.post("/v1/events", json=EVENT, headers=key),
        "admin": house.client.get("/v1/users/u1/export", headers=key),
    }
    assert {name: answer.status_code for name, answer in asked.items()} == {
        name: 200 if name in allowed else 403 for name in asked
    }


def test_a_key_is_refused_from_the_request_after_it_was_revoked(locked: tuple[House, KeyFile]) -> None:
    house, keys = locked
    key = keys.add("short", ["read"])
    assert house.client.get("/v1/model", headers=bearer(key)).status_code == 200
    keys.revoke(key.split("_")[1])
    assert house.client.get("/v1/model", headers=bearer(key)).status_code == 401


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer regard_1_2", "x" * 5_000])
def test_what_is_no_key_is_refused_and_not_logged(locked: tuple[House, KeyFile], given: str) -> None:
    house, _ = locked
    answer = house.client.get("/v1/model", headers={"authorization": given})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert given == "" or given not in house.journal.getvalue()


def test_neither_keys_nor_ids_are_in_the_log(locked: tuple[House, KeyFile]) -> None:
    house, keys = locked
    key = keys.add("shop", ["admin"])
    house.client.post("/v1/events", json=EVENT, headers=bearer(key))
    house.client.get("/v1/users/secret-user/export", headers=bearer(key))
    text = house.journal.getvalue()
    assert key.split("_")[2] not in text
    assert "secret-user" not in text
    assert key.split("_")[1] in text


def test_ids_are_in_the_log_where_that_is_asked_for(shop_folder: Path, tmp_path: Path) -> None:
    with living(shop_folder, tmp_path / "e.db", ids=True) as house:
        house.client.get("/v1/users/secret-user/export")
        house.told("request")
        assert "secret-user" in house.journal.getvalue()


def test_every_answer_has_the_headers_that_keep_browsers_out(house: House) -> None:
    for answer in (house.client.get("/v1/model"), house.client.get("/no"), house.client.post("/v1/events")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
        assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1"]
)
def test_without_keys_a_name_that_was_pointed_here_is_refused(house: House, host: str) -> None:
    assert house.client.get("/v1/model", headers={"host": host}).status_code == 403
    assert house.client.get("/v1/model", headers={"host": "localhost:8000"}).status_code == 200


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_body_that_a_page_can_send_unasked_is_refused(house: House, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = house.client.post("/v1/events", content=b"{}", headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1.2_3", True), ("a" * 65, False), ("<b>", False), ("", False)]
)
def test_the_id_of_a_request_is_kept_only_where_it_is_harmless(house: House, given: str, kept: bool) -> None:
    answer = house.client.get("/v1/model", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) == kept


def test_a_key_that_asks_too_often_is_told_when_to_come_again(shop_folder: Path, tmp_path: Path) -> None:
    with living(shop_folder, tmp_path / "e.db", rates=Rates(per_second=0.5, burst=2)) as house:
        answers = [house.client.get("/v1/model") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["retry-after"] == "2"
        assert house.client.get("/v1/health/live").status_code == 200


def test_too_many_requests_at_once_are_refused_and_not_served_late(house: House) -> None:
    limits = house.service.limits
    house.service.limits = limits.changed(requests=2, waiting=1)
    try:
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            url = f"http://127.0.0.1:{house.port}/v1/recommendations"
            statuses = list(
                pool.map(
                    lambda n: httpx2.post(url, json={"user_id": f"u{n}"}, timeout=60).status_code, range(64)
                )
            )
    finally:
        house.service.limits = limits
    assert set(statuses) <= {200, 503}
    assert 200 in statuses


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/model/reload", "admin"),
        ("DELETE", "/v1/users/a", "admin"),
        ("PUT", "/v1/items/a", "write"),
        ("DELETE", "/v1/items/a", "write"),
        ("GET", "/v1/items/a/similar", "read"),
        ("GET", "/metrics", "read"),
        ("HEAD", "/v1/health/live", "read"),
    ],
)
def test_a_path_needs_the_scope_of_what_it_does(method: str, path: str, scope: str) -> None:
    assert scope_of(method, path) == scope
