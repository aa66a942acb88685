"""Recommendations: lists for users and bare histories, and why an item is in one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from regard.errors import DataError, StoreError, UnknownIdError
from regard.serve.bodies import answer, document_of, model_of
from regard.serve.engine import Ask
from regard.serve.events import Id
from regard.serve.moments import micros
from regard.serve.people import explained, reasons, traced
from regard.serve.problems import Problem
from regard.serve.routes.documents import body, says
from regard.serve.service import Answer, Service
from regard.serve.snapshot import History, Snapshot
from regard.serve.wire import ExplainIn, ExplainOut, RecommendIn, RecommendOut

__all__ = ["router"]


def router(service: Service) -> APIRouter:
    """Return the paths of recommendations."""
    paths = APIRouter(tags=["recommendations"])

    @paths.post("/v1/recommendations", openapi_extra=body(RecommendIn), responses=says(RecommendOut))
    async def recommendations(request: Request) -> Response:
        """Recommend to a user, or for a bare history: an acknowledged event is seen by the next request."""
        asked = model_of(RecommendIn, await document_of(request, service.limits))
        at = None if asked.at is None else _micros(asked.at)
        whose = _whose(asked, service.snapshot)

        def make(snapshot: Snapshot, history: History) -> Ask:
            return Ask(
                snapshot=snapshot,
                history=history,
                k=asked.k,
                allow=None if asked.allow is None else tuple(asked.allow),
                deny=None if asked.deny is None else tuple(asked.deny),
                exclude_seen=asked.exclude_seen,
                at=at,
            )

        found = await service.recommend(make, whose)
        document = _listed(found, request.state.request_id)
        if asked.explain:
            await _explain(service, found, document)
        if asked.trace:
            document["trace"] = await _slow(service, lambda: traced(found.ask, found.ranking.items))
        return answer(document)

    @paths.post("/v1/explanations", openapi_extra=body(ExplainIn), responses=says(ExplainOut))
    async def explanations(request: Request) -> Response:
        """Say why an item is recommended: every event is left out once, and what that does is measured."""
        asked = model_of(ExplainIn, await document_of(request, service.limits))
        serving = service.serving
        whose = _whose(asked, serving.snapshot)
        try:
            history = whose if isinstance(whose, History) else await service.history(whose, serving)
        except StoreError:
            raise Problem("unavailable", "the store does not answer now; come again", retry_after=1) from None
        ask = Ask(snapshot=serving.snapshot, history=history)
        try:
            said = await service.slow.run(
                lambda: explained(ask, asked.item_id), seconds=service.limits.slow_seconds
            )
        except UnknownIdError:
            raise Problem("not_found", "the model knows nothing of this item") from None
        except TimeoutError:
            raise Problem("unavailable", "there was no time to explain; come again", retry_after=1) from None
        return answer(
            {
                "text": said.tell(asked.language),
                "explanation": said.to_json(),
                "model": serving.snapshot.version,
                "request_id": request.state.request_id,
            }
        )

    return paths


def _whose(asked: RecommendIn | ExplainIn, snapshot: Snapshot) -> Id | History:
    if asked.user_id is not None:
        return snapshot.user(asked.user_id)
    assert asked.history is not None
    times = None if asked.times is None else [_micros(time) for time in asked.times]
    return snapshot.bare(asked.history, times)


def _micros(moment: str | int) -> int:
    try:
        return micros(moment)
    except DataError as error:
        raise Problem("unprocessable", str(error)) from None


def _listed(found: Answer, request_id: str) -> dict[str, Any]:
    ranking = found.ranking
    return {
        "items": [
            {"item_id": item, "score": score, "rank": rank}
            for rank, (item, score) in enumerate(zip(ranking.items, ranking.scores, strict=True), start=1)
        ],
        "fallback": found.reason is not None,
        "reason": found.reason,
        "unknown_items": ranking.unknown,
        "model": found.ask.snapshot.version,
        "request_id": request_id,
    }


async def _explain(service: Service, found: Answer, document: dict[str, Any]) -> None:
    """Write why beside each item; where there is no time, say that."""
    said = await _slow(service, lambda: reasons(found.ask, found.ranking.items))
    document["explained"] = said is not None
    for listed, why in zip(document["items"], said or [], strict=False):
        listed["why"] = why


async def _slow(service: Service, call: Any) -> Any:
    try:
        return await service.slow.run(call, seconds=service.limits.slow_seconds)
    except TimeoutError:
        return None
