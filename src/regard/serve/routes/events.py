"""Events: what happened, into the log; answered when it is on disk."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from regard.errors import DataError
from regard.serve.bodies import answer, document_of, model_of
from regard.serve.events import StoredEvent
from regard.serve.moments import micros, now
from regard.serve.problems import Problem
from regard.serve.routes.documents import body, says
from regard.serve.service import Service
from regard.serve.snapshot import Snapshot
from regard.serve.wire import EventIn, EventsIn, StoredOut

__all__ = ["router"]


def router(service: Service) -> APIRouter:
    """Return the paths of events."""
    paths = APIRouter(tags=["events"])

    @paths.post("/v1/events", openapi_extra=body(EventIn, EventsIn), responses=says(StoredOut))
    async def events(request: Request) -> Response:
        """Store one event, or a batch of them: all or none. 200 means that they would survive a power cut."""
        document = await document_of(request, service.limits)
        if isinstance(document, dict) and "events" in document:
            given = model_of(EventsIn, document).events
        else:
            given = [model_of(EventIn, document)]
        snapshot = service.snapshot
        stored = await service.store_events([_stored(event, snapshot) for event in given])
        return answer({"stored": stored.stored, "duplicates": stored.duplicates, "last": stored.last})

    return paths


def _stored(event: EventIn, snapshot: Snapshot) -> StoredEvent:
    try:
        return StoredEvent(
            event_id=event.event_id,
            user_id=snapshot.user(event.user_id),
            item_id=snapshot.item(event.item_id),
            time=now() if event.time is None else micros(event.time),
            type=event.type,
            fields=event.fields,
        )
    except DataError as error:
        raise Problem("unprocessable", str(error)) from None
