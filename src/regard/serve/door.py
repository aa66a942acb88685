"""Door: what every request passes (key, rate, limits) and every answer (id, headers, a line of the log).

Written against ASGI itself, because it stands before everything else. Without a key only this machine is
answered, and only under its own names, so that a page in somebody's browser cannot ask by a name that it
had pointed here; a body must be called JSON, which a page cannot do unasked.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import orjson

from regard.errors import ConfigError
from regard.serve.keys import Key, KeyFile, Scope
from regard.serve.problems import Problem
from regard.serve.rates import Rates
from regard.serve.service import Service
from regard.serve.spans import Spans

__all__ = ["HEADERS", "LOCAL", "Door", "scope_of"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ADMIN = re.compile(r"/v1/(users/|model/reload$)")
_ENDS = (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit)
_BODY = frozenset({"POST", "PUT", "PATCH"})


def scope_of(method: str, path: str) -> Scope | None:
    """Return what a key must be allowed for a path; None: no key is needed.

    Examples
    --------
    >>> scope_of("GET", "/v1/health/live"), scope_of("GET", "/v1/users/ann/export")
    (None, 'admin')
    >>> scope_of("POST", "/v1/events"), scope_of("POST", "/v1/recommendations")
    ('write', 'read')
    """
    if method == "GET" and path in {"/v1/health/live", "/v1/health/ready"}:
        return None
    if _ADMIN.match(path):
        return "admin"
    if path == "/v1/events" or (method != "GET" and path.startswith("/v1/items/")):
        return "write"
    return "read"


class Door:
    """Wraps an application.

    Parameters
    ----------
    app
        What is behind the door.
    service
        Whose counters and log are written.
    keys
        None: no keys, and only this machine is answered.
    rates
        How often a key may ask; None: as often as it likes.
    spans
        Where requests are sent as spans; None: nowhere.
    """

    def __init__(
        self,
        app: App,
        service: Service,
        *,
        keys: KeyFile | None,
        rates: Rates | None,
        spans: Spans | None = None,
    ) -> None:
        self._app, self._service, self._keys, self._rates = app, service, keys, rates
        self._spans = spans
        self._inside = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request in, or turn it away."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:  # a websocket: there is none here
            await send({"type": "websocket.close", "code": 1000})

    async def _request(self, scope: Message, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        asked = headers.get(b"x-request-id", "")
        request_id = asked if _ID.fullmatch(asked) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answering(send, request_id)
        self._inside += 1
        try:
            self._check(scope, headers)
            await self._app(scope, receive, answer.send)
        except Problem as problem:
            self._service.counters.add("regard_refused_total", "reason", problem.code)
            await answer.problem(problem)
        except _ENDS:
            raise
        except BaseException as error:  # the last door, for panics of libraries too
            self._service.journal.mistake(error, {"request_id": request_id})
            await answer.problem(Problem("internal", "a mistake of the server; its log has this request id"))
        finally:
            self._inside -= 1
            parent = headers.get(b"traceparent", "")
            self._note(scope, answer, time.perf_counter() - began, parent=parent)

    def _check(self, scope: Message, headers: dict[bytes, str]) -> None:
        method, path = scope["method"], scope["path"]
        needed = scope_of(method, path)
        if needed is None:
            return
        if self._inside > self._service.limits.requests:
            raise Problem("unavailable", "too many requests at once; come again", retry_after=1)
        key = self._key(headers, needed)
        scope["state"]["key"] = None if key is None else key.id
        if self._rates is not None:
            wait = self._rates.take("" if key is None else key.id)
            if wait > 0:
                raise Problem("rate_limited", "too many requests with this key", retry_after=wait)
        if method in _BODY and path != "/v1/model/reload":
            kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise Problem("unsupported_media_type", "send the body as application/json")

    def _key(self, headers: dict[bytes, str], needed: Scope) -> Key | None:
        if self._keys is None:
            host = headers.get(b"host", "")
            name = host if host.endswith("]") or ":" not in host else host.rpartition(":")[0]
            if name.lower() not in LOCAL:
                raise Problem("forbidden", "without keys only this machine is answered, as localhost")
            return None
        kind, _, given = headers.get(b"authorization", "").partition(" ")
        try:
            key = self._keys.current().find(given.strip()) if kind.lower() == "bearer" else None
        except ConfigError:
            key = None
        if key is None:
            raise Problem("unauthorized", "give a key: Authorization: Bearer KEY")
        if not key.may(needed):
            raise Problem("forbidden", f"this key may not {needed}")
        return key

    def _note(self, scope: Message, answer: _Answering, seconds: float, *, parent: str) -> None:
        route = scope.get("route")
        path = "unmatched" if route is None else str(route.path)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._service.counters.request(path, answer.status, seconds)
        if self._spans is not None:
            self._spans.request(
                method=method,
                route=path,
                status=answer.status,
                request_id=answer.request_id,
                parent=parent,
                seconds=seconds,
            )
        fields = {
            "request_id": answer.request_id,
            "method": method,
            "path": path,
            "status": answer.status,
            "ms": round(1e3 * seconds, 2),
            "key": scope["state"].get("key"),
        }
        if self._service.journal.ids:
            fields["asked"] = scope["path"]
        self._service.journal.write("request", fields)


_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})


class _Answering:
    """Sends an answer once, with the headers that every answer has."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self.request_id = send, request_id
        self.status = 499  # of who went away before there was an answer
        self._begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun, self.status = True, message["status"]
            own = [*HEADERS, (b"x-request-id", self.request_id.encode())]
            message = {**message, "headers": [*message.get("headers", ()), *own]}
        await self._send(message)

    async def problem(self, problem: Problem) -> None:
        if self._begun:
            return
        body = orjson.dumps(problem.document(self.request_id))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers += [(name.encode(), value.encode()) for name, value in problem.headers.items()]
        if problem.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        await self.send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
