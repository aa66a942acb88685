"""The application as a caller sees it: every path there is, what is refused, and nothing of the inside."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.serve.corpus import SECRET, Bad, corpus
from tests.serve.living import House, resident

from regard.serve.app import create_app
from regard.serve.catalogue import open_snapshot
from regard.serve.door import Door
from regard.serve.limits import Limits
from regard.serve.logs import JsonLog
from regard.serve.problems import CODES
from regard.serve.service import Service
from regard.serve.stores.book import open_log
from regard.serve.wire import Problems

PATHS = {
    "/v1/events",
    "/v1/recommendations",
    "/v1/explanations",
    "/v1/items/{item_id}",
    "/v1/items/{item_id}/similar",
    "/v1/users/{user_id}",
    "/v1/users/{user_id}/export",
    "/v1/health/live",
    "/v1/health/ready",
    "/v1/model",
    "/v1/model/reload",
    "/metrics",
}


def test_the_openapi_document_has_every_path_and_an_example_of_each_body(house: House) -> None:
    document = house.client.get("/openapi.json").json()
    assert set(document["paths"]) == PATHS
    schemas = document["components"]["schemas"]
    assert schemas["EventIn"]["properties"]["event_id"]["examples"]
    for path in document["paths"].values():
        for operation in path.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                refs = content["schema"].get("anyOf", [content["schema"]])
                assert all(ref["$ref"].rpartition("/")[2] in schemas for ref in refs)
    text = json.dumps(document)
    assert all(f'"{ref}"' in json.dumps(list(schemas)) for ref in ("EventIn", "RecommendIn", "ItemIn")), text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/v1/events", 405, "method_not_allowed"),
        ("GET", "/docs", 404, "not_found"),
        ("GET", "/v1/items/i1/similar?k=0", 422, "unprocessable"),
        ("GET", "/v1/items/i1/similar?k=abc", 422, "unprocessable"),
        ("GET", "/../../etc/passwd", 404, "not_found"),
    ],
)
def test_what_there_is_not_is_said_in_the_same_form(
    house: House, method: str, path: str, status: int, code: str
) -> None:
    answer = house.client.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]


def test_a_mistake_of_the_server_shows_nothing_of_its_inside(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> dict[str, float]:
        raise RuntimeError("secret /path/of/the/server")

    monkeypatch.setattr(house.service, "gauges", broken)
    answer = house.client.get("/metrics")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert house.told("mistake")["error"] == "RuntimeError"
    assert "secret" not in house.journal.getvalue()


class Sink(io.StringIO):
    """A journal that counts mistakes of the server and keeps nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.mistakes: list[str] = []

    def write(self, line: str) -> int:
        if '"event":"mistake"' in line:
            self.mistakes.append(line)
        return len(line)


@asynccontextmanager
async def open_app(folder: Path, store: Path, sink: Sink) -> AsyncIterator[Door]:
    log = open_log(str(store))
    snapshot = open_snapshot(folder, log.items(), erased=log.erased()).snapshot
    service = Service(snapshot, log, limits=Limits(seconds=20), memory=1 << 22, journal=JsonLog(sink))
    try:
        yield create_app(service, folder)
    finally:
        service.close()


async def ask(app: Door, bad: Bad) -> tuple[int, dict[str, str], bytes]:
    """Ask the application itself, without a socket, and return status, headers and body; 0 for no answer."""
    sent: list[Any] = []
    parts = [{"type": "http.request", "body": part, "more_body": True} for part in bad.body]
    parts[-1]["more_body"] = not bad.ends
    coming = iter(parts)

    async def receive() -> Any:
        return next(coming, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": bad.method,
        "path": bad.path,
        "raw_path": bad.path.encode("utf-8", "replace"),
        "query_string": bad.query,
        "root_path": "",
        "headers": list(bad.headers),
        "client": ("127.0.0.1", 9),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    if not sent:
        return 0, {}, b""
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(one.get("body", b"") for one in sent[1:])


def judge(bad: Bad, status: int, headers: dict[str, str], body: bytes) -> None:
    """See that a bad request was refused in the documented form, or done if it happened to be good."""
    if not bad.ends and status == 0:
        return  # nobody is there to hear an answer
    assert 200 <= status < 500, (bad, body)
    assert headers["x-content-type-options"] == "nosniff", bad
    if status < 400:
        assert not bad.refused, (bad, body)
        return
    said = Problems.model_validate_json(body, strict=True).error
    assert CODES[said.code] == status, (bad, body)
    assert said.request_id == headers["x-request-id"], bad
    assert int(headers["content-length"]) == len(body), bad
    assert 0 < len(said.message) < 1_000, (bad, said.message)
    assert SECRET not in body.decode(), (bad, body)


def test_ten_thousand_bad_requests_are_refused_in_words_and_leave_nothing_behind(
    shop_folder: Path, tmp_path: Path
) -> None:
    sink, seen = Sink(), Counter[tuple[str, int]]()

    async def ask_all(app: Door, requests: Sequence[Bad]) -> None:
        for bad in requests:
            status, headers, body = await ask(app, bad)
            judge(bad, status, headers, body)
            seen[bad.kind, status] += 1

    async def run() -> int:
        async with open_app(shop_folder, tmp_path / "events.db", sink) as app:
            requests = corpus(11_000)
            await ask_all(app, list(itertools.islice(requests, 3_000)))
            before = resident()
            for _ in range(8):
                await ask_all(app, list(itertools.islice(requests, 1_000)))
            return resident() - before

    grown = asyncio.run(run())
    assert sink.mistakes == []
    assert grown < 16e6
    assert sum(seen.values()) == 11_000
    assert {400, 403, 404, 405, 413, 415, 422} <= {status for _, status in seen}
