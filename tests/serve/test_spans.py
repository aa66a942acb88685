"""Requests as spans of the real OpenTelemetry: what each says, whose trace it is in, and what none says."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.serve.living import living

from regard.errors import MissingExtraError
from regard.serve.keys import KeyFile
from regard.serve.spans import Spans

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def memory() -> Any:
    """An exporter that keeps what was sent."""
    kept = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    return kept.InMemorySpanExporter()


def test_a_request_is_a_span_without_ids_or_keys(memory: Any, shop_folder: Path, tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    key = keys.add("one", ["read", "write"])
    traced = {"x-request-id": "mine", "traceparent": f"00-{TRACE}-{PARENT}-01"}
    with living(shop_folder, tmp_path / "e.db", keys=keys, spans=Spans(memory)) as house:
        client = house.client
        client.headers["authorization"] = f"Bearer {key}"
        client.post("/v1/recommendations", json={"user_id": "secret-user"}, headers=traced)
        client.get("/v1/items/secret-item/similar")
        client.get("/v1/users/secret-user/export")
        client.get("/secret-path")
        client.request("PROPFIND", "/v1/model")
        house.service.draining = True
        client.get("/v1/health/ready")
    spans = memory.get_finished_spans()
    assert [(one.name, one.attributes["http.response.status_code"]) for one in spans] == [
        ("POST /v1/recommendations", 200),
        ("GET /v1/items/{item_id:path}/similar", 404),
        ("GET unmatched", 403),
        ("GET unmatched", 404),
        ("other /v1/model", 405),
        ("GET /v1/health/ready", 503),
    ]
    first = spans[0]
    assert first.attributes["regard.request_id"] == "mine"
    assert (f"{first.context.trace_id:032x}", f"{first.parent.span_id:016x}") == (TRACE, PARENT)
    assert first.kind.name == "SERVER"
    assert 0 < first.end_time - first.start_time < 60e9
    assert [one.status.status_code.name for one in spans] == ["UNSET"] * 5 + ["ERROR"]
    assert spans[1].parent is None
    text = "".join(one.to_json() for one in spans)
    assert "secret" not in text.lower()
    assert key.split("_")[1] not in text
    assert first.resource.attributes["service.name"] == "regard"


@pytest.mark.parametrize("parent", ["", "nonsense", "00-0-0-01", "\xff" * 300])
def test_a_trace_that_cannot_be_read_is_none(memory: Any, parent: str) -> None:
    spans = Spans(memory)
    spans.request(method="GET", route="/", status=200, request_id="a", parent=parent, seconds=0.1)
    spans.close()
    (span,) = memory.get_finished_spans()
    assert span.parent is None


def test_the_name_of_the_service_is_the_operators(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop")
    spans = Spans(memory)
    spans.request(method="GET", route="/", status=200, request_id="a", parent="", seconds=0.1)
    spans.close()
    (span,) = memory.get_finished_spans()
    assert span.resource.attributes["service.name"] == "shop"


def test_a_collector_that_is_away_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    spans, began = Spans(), time.perf_counter()
    for number in range(1_000):
        spans.request(method="GET", route="/", status=200, request_id=f"r{number}", parent="", seconds=0.1)
    assert time.perf_counter() - began < 2
    spans.close()
    assert time.perf_counter() - began < 6


def test_without_opentelemetry_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(MissingExtraError, match="telemetry"):
        Spans()
