"""The application as a caller sees it: every path there is, what is refused, and nothing of the inside."""

from __future__ import annotations

import json

import pytest
from tests.serve.living import House

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
