"""App: the paths of the API behind the door; at its end what was begun is finished and the log closed.

There is no page with documentation, because such pages fetch scripts from elsewhere; ``/openapi.json`` is
there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from regard.serve.bodies import answer
from regard.serve.changes import Changes
from regard.serve.door import Door
from regard.serve.keys import KeyFile
from regard.serve.problems import CODES, Problem
from regard.serve.rates import Rates
from regard.serve.routes import events, items, operations, recommendations, users
from regard.serve.routes.documents import write_openapi
from regard.serve.service import Service
from regard.serve.spans import Spans
from regard.serve.watching import Watching

__all__ = ["create_app"]

_VERSION = "1"
_CODES = {status: code for code, status in reversed(CODES.items())}


def create_app(
    service: Service,
    folder: str | Path,
    *,
    keys: KeyFile | None = None,
    rates: Rates | None = None,
    watch: float | None = None,
    spans: Spans | None = None,
) -> Door:
    """Return the server as an ASGI application.

    Parameters
    ----------
    service
        What it does; closed when the application ends.
    folder
        Of the model, for reloading.
    keys
        Who may ask; None: this machine only.
    rates
        How often; None: as often as anybody likes.
    watch
        Seconds between looks at the folder and at what others said about items; None: a request reloads.
    spans
        Where requests are sent as spans, closed like the service; None: nowhere.
    """
    changes = Changes(service, folder)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        watching = None if watch is None else Watching(service, changes, folder, seconds=watch)
        task = None if watching is None else asyncio.create_task(watching.run())
        yield
        service.draining = True
        if task is not None:
            task.cancel()
        service.close()
        if spans is not None:
            spans.close()

    app = FastAPI(
        title="Regard",
        version=_VERSION,
        description="Events in, recommendations out, in real time, and nothing lost.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    for router in (
        events.router(service),
        recommendations.router(service),
        items.router(service, changes),
        users.router(service, changes),
        operations.router(service, changes),
    ):
        app.include_router(router)
    _answer_mistakes(app)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return Door(app, service, keys=keys, rates=rates, spans=spans)


def _answer_mistakes(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _done_without)
    app.add_exception_handler(Exception, _mistaken)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        app.openapi_schema = write_openapi(app)
    return app.openapi_schema


async def _done_without(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _answered(request, error, headers=error.headers)


async def _mistaken(request: Request, error: Exception) -> Response:
    """Answer for a mistake of the server; the door writes down what it was."""
    problem = Problem("internal", "a mistake of the server; its log has this request id")
    return _answered(request, problem, headers={})


async def _refused(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: a path or a method that there is not."""
    assert isinstance(error, HTTPException)
    problem = Problem(_CODES.get(error.status_code, "bad_request"), "there is no such path or method")
    return _answered(request, problem, headers=error.headers or {})


async def _invalid(request: Request, error: Exception) -> Response:
    """Answer a path or query that is out of range."""
    assert isinstance(error, RequestValidationError)
    said = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()[:3]]
    return _answered(request, Problem("unprocessable", "; ".join(said)), headers={})


def _answered(request: Request, problem: Problem, *, headers: Mapping[str, str]) -> Response:
    made = answer(problem.document(request.state.request_id), status=problem.status)
    made.headers.update(headers)
    return made
