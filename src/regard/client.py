"""Client: a server of Regard from Python, waiting (`Client`) or not (`AsyncClient`).

A request that the server refused for now (429, 503) or that broke on its way is sent again, after the time
that the server named. Events keep their ``event_id`` from one attempt to the next, so an attempt that had
reached the disk is not stored twice. It knows the wire format and nothing of models; it needs the extra
``client``.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Self
from urllib.parse import quote

from regard.errors import MissingExtraError, RegardError

__all__ = ["AsyncClient", "Client", "Event", "Recommended", "ServerError"]

Id = str | int
_ATTEMPTS = 5
_PAUSE = 0.2
_MOST_PAUSE = 10.0
_AGAIN = frozenset({429, 503})


class ServerError(RegardError):
    """The server refused a request, with this status, code and message, under this request id."""

    def __init__(self, status: int, code: str, message: str, request_id: str) -> None:
        super().__init__(f"{status} {code}: {message} (request {request_id})")
        self.status, self.code, self.message, self.request_id = status, code, message, request_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened.

    Parameters
    ----------
    user_id, item_id, type, fields
        As the log that the model was fitted on has them.
    time
        ISO 8601, or an integer since 1970; None: now, by the server's clock.
    event_id
        Its own name; by default a new one.
    """

    user_id: Id
    item_id: Id
    time: str | int | None = None
    type: str | None = None
    fields: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    event_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def document(self) -> dict[str, Any]:
        """Return what goes over the wire."""
        said = {"event_id": self.event_id, "user_id": self.user_id, "item_id": self.item_id}
        more = {"time": self.time, "type": self.type, "fields": dict(self.fields) or None}
        return said | {name: value for name, value in more.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """A list.

    Parameters
    ----------
    items, scores, why
        Ids, best first, and what belongs to each; `why` is empty where no reasons were asked for.
    fallback, reason, model
        Whether these are popular items, and why; version of the model.
    """

    items: list[Id]
    scores: list[float]
    why: list[str]
    fallback: bool
    reason: str | None
    model: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Read an answer."""
        listed = document["items"]
        return cls(
            items=[one["item_id"] for one in listed],
            scores=[one["score"] for one in listed],
            why=[one["why"] for one in listed if one.get("why")],
            fallback=document["fallback"],
            reason=document["reason"],
            model=document["model"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A request, and what its answer is read from."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None


def _events(events: Event | Sequence[Event]) -> _Call:
    given = [events] if isinstance(events, Event) else events
    return _Call(method="POST", path="/v1/events", body={"events": [event.document() for event in given]})


def _recommend(asked: Mapping[str, Any]) -> _Call:
    body = {name: value for name, value in asked.items() if value is not None}
    return _Call(method="POST", path="/v1/recommendations", body=body)


def _item(method: str, item_id: Id, attributes: Mapping[str, Any] | None = None) -> _Call:
    body = None if attributes is None else {"attributes": dict(attributes)}
    return _Call(method=method, path=f"/v1/items/{quote(str(item_id), safe='')}", body=body)


def _user(method: str, user_id: Id, end: str = "") -> _Call:
    return _Call(method=method, path=f"/v1/users/{quote(str(user_id), safe='')}{end}")


class Client:
    """A server, asked by code that waits.

    Parameters
    ----------
    url, key
        For instance ``http://127.0.0.1:8000``, and what `regard keys add` showed, if keys are needed.
    seconds
        To wait for one answer.
    """

    def __init__(self, url: str, *, key: str | None = None, seconds: float = 30.0) -> None:
        self._http = _httpx()
        self._client = self._http.Client(base_url=url, headers=_headers(key), timeout=seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, events: Event | Sequence[Event]) -> int:
        """Store events; return how many were new. They are on disk when this returns."""
        return int(self._ask(_events(events))["stored"])

    def recommend(
        self,
        *,
        user: Id | None = None,
        history: Sequence[Id] | None = None,
        k: int = 10,
        allow: Sequence[Id] | None = None,
        deny: Sequence[Id] | None = None,
        explain: bool = False,
    ) -> Recommended:
        """Recommend to a user, or for a history of item ids."""
        asked = {
            "user_id": user,
            "history": history,
            "k": k,
            "allow": allow,
            "deny": deny,
            "explain": explain,
        }
        return Recommended.of(self._ask(_recommend(asked)))

    def put_item(self, item_id: Id, attributes: Mapping[str, Any]) -> bool:
        """Say what an item is like; return whether it can be recommended now."""
        return bool(self._ask(_item("PUT", item_id, attributes))["recommendable"])

    def delete_item(self, item_id: Id) -> None:
        """Recommend an item no longer."""
        self._ask(_item("DELETE", item_id))

    def export_user(self, user_id: Id) -> dict[str, Any]:
        """Return everything that is stored of a user."""
        return self._ask(_user("GET", user_id, "/export"))

    def erase_user(self, user_id: Id) -> int:
        """Erase the events of a user; return how many there were."""
        return int(self._ask(_user("DELETE", user_id))["erased"])

    def reload(self) -> str:
        """Have the server read its model folder again; return the version that answers now."""
        return str(self._ask(_Call(method="POST", path="/v1/model/reload"))["version"])

    def _ask(self, call: _Call) -> dict[str, Any]:
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._client.request(call.method, call.path, json=call.body)
            except self._http.TransportError:
                if attempt + 1 == _ATTEMPTS:
                    raise
                time.sleep(_pause(attempt, None))
                continue
            if answer.status_code not in _AGAIN or attempt + 1 == _ATTEMPTS:
                break
            time.sleep(_pause(attempt, answer.headers.get("retry-after")))
        return _read(answer)


class AsyncClient:
    """A server, asked by code that does not wait; see `Client`."""

    def __init__(self, url: str, *, key: str | None = None, seconds: float = 30.0) -> None:
        self._http = _httpx()
        self._client = self._http.AsyncClient(base_url=url, headers=_headers(key), timeout=seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, events: Event | Sequence[Event]) -> int:
        """Store events; return how many were new. They are on disk when this returns."""
        return int((await self._ask(_events(events)))["stored"])

    async def recommend(
        self,
        *,
        user: Id | None = None,
        history: Sequence[Id] | None = None,
        k: int = 10,
        allow: Sequence[Id] | None = None,
        deny: Sequence[Id] | None = None,
        explain: bool = False,
    ) -> Recommended:
        """Recommend to a user, or for a history of item ids."""
        asked = {
            "user_id": user,
            "history": history,
            "k": k,
            "allow": allow,
            "deny": deny,
            "explain": explain,
        }
        return Recommended.of(await self._ask(_recommend(asked)))

    async def _ask(self, call: _Call) -> dict[str, Any]:
        for attempt in range(_ATTEMPTS):
            try:
                answer = await self._client.request(call.method, call.path, json=call.body)
            except self._http.TransportError:
                if attempt + 1 == _ATTEMPTS:
                    raise
                await asyncio.sleep(_pause(attempt, None))
                continue
            if answer.status_code not in _AGAIN or attempt + 1 == _ATTEMPTS:
                break
            await asyncio.sleep(_pause(attempt, answer.headers.get("retry-after")))
        return _read(answer)


def _httpx() -> ModuleType:
    try:
        import httpx2
    except ImportError:
        raise MissingExtraError("httpx2", "client") from None
    return httpx2


def _headers(key: str | None) -> dict[str, str]:
    return {} if key is None else {"authorization": f"Bearer {key}"}


def _pause(attempt: int, said: str | None) -> float:
    """Return the seconds to wait: what the server said, else twice as long each time."""
    if said is not None and said.isdecimal():
        return min(float(said), _MOST_PAUSE)
    return min(_PAUSE * 2.0**attempt, _MOST_PAUSE)


def _read(answer: Any) -> dict[str, Any]:
    try:
        document: dict[str, Any] = {} if answer.status_code == 204 else answer.json()
    except ValueError:
        document = {}
    if answer.status_code < 400:
        return document
    said = [str(document.get("error", {}).get(name, "")) for name in ("code", "message", "request_id")]
    raise ServerError(answer.status_code, *said)
