"""Operations: is it alive, is it ready, which model answers, what has happened."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from regard.pipeline import Pipeline
from regard.serve.bodies import answer
from regard.serve.changes import Changes
from regard.serve.moments import iso
from regard.serve.problems import Problem
from regard.serve.routes.documents import says
from regard.serve.service import Service
from regard.serve.snapshot import Snapshot
from regard.serve.wire import ModelOut

__all__ = ["router"]


def router(service: Service, changes: Changes) -> APIRouter:
    """Return the paths of operations."""
    paths = APIRouter(tags=["operations"])

    @paths.get("/v1/health/live")
    async def live() -> dict[str, str]:
        """Say that the process answers."""
        return {"status": "live"}

    @paths.get("/v1/health/ready", responses=says(None))
    async def ready() -> dict[str, str]:
        """Say whether requests are answered in full: a warm model, a store that can be used."""
        if not await service.is_ready():
            raise Problem("unavailable", "not ready", retry_after=1)
        return {"status": "ready"}

    @paths.get("/v1/model", responses=says(ModelOut))
    async def model() -> Response:
        """Say which model answers."""
        return answer(_described(service.snapshot))

    @paths.post("/v1/model/reload", responses=says(ModelOut))
    async def reload() -> Response:
        """Read the model folder again and swap the model, without dropping a request.

        A folder that is broken, or whose ids are of another kind, is refused with 409; the old model goes on.
        """
        return answer(_described(await changes.reload()))

    @paths.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Return counts and times in the text format of Prometheus."""
        text = service.counters.text(service.gauges())
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    return paths


def _described(snapshot: Snapshot) -> dict[str, Any]:
    model = snapshot.model
    return {
        "version": snapshot.version,
        "kind": model.config.model,
        "users": len(model.dataset.users),
        "items": len(model.dataset.items),
        "events": model.dataset.num_events,
        "reads_attributes": snapshot.reads_attributes,
        "two_stage": isinstance(model, Pipeline),
        "loaded": iso(snapshot.loaded),
        "hidden_items": len(snapshot.hidden),
    }
