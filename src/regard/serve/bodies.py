"""Bodies: from the bytes of a request to a strict model, and from an answer to bytes."""

from __future__ import annotations

from typing import Any, TypeVar

import orjson
import pydantic
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from regard.errors import DataError
from regard.serve.limits import MAX_DEPTH, Limits, read_body
from regard.serve.problems import Problem
from regard.serve.strict_json import parse

__all__ = ["answer", "document_of", "id_of", "model_of"]

Model = TypeVar("Model", bound=pydantic.BaseModel)
_SHOWN = 3


async def document_of(request: Request, limits: Limits) -> Any:
    """Return the JSON of a request.

    Raises
    ------
    Problem
        400 if it is no strict JSON or ends too soon, 413 or 408 if it is too large or too slow.
    """
    try:
        body = await read_body(request.stream(), limits, declared=request.headers.get("content-length"))
    except ClientDisconnect:  # nobody hears it, but the log has no mistake of the server
        raise Problem("bad_request", "the caller went away before the body had come") from None
    try:
        return parse(body, depth=MAX_DEPTH)
    except DataError as error:
        raise Problem("bad_request", str(error)) from None


def model_of(kind: type[Model], document: Any) -> Model:
    """Check a document.

    Raises
    ------
    Problem
        422 with the places of the first few mistakes; nothing of what was sent is repeated but names.
    """
    try:
        return kind.model_validate(document)
    except pydantic.ValidationError as error:
        mistakes = error.errors(include_input=False, include_url=False, include_context=False)
    said = [f"{_place(mistake['loc'])}: {mistake['msg']}" for mistake in mistakes[:_SHOWN]]
    more = f"; {len(mistakes) - _SHOWN} more" if len(mistakes) > _SHOWN else ""
    raise Problem("unprocessable", "; ".join(said) + more)


def id_of(text: str) -> str:
    """Check an id that stands in a path.

    Raises
    ------
    Problem
        422 if it is empty, too long, or has control characters.
    """
    from regard.serve.wire import Name

    try:
        return pydantic.TypeAdapter(Name).validate_python(text)
    except pydantic.ValidationError:
        raise Problem(
            "unprocessable", "the id in the path is empty, too long or has control characters"
        ) from None


def answer(document: Any, *, status: int = 200) -> Response:
    """Return an answer in JSON."""
    return Response(orjson.dumps(document, default=str), status, media_type="application/json")


def _place(loc: tuple[int | str, ...]) -> str:
    """Name a place in a document: the names that a caller gave are cut, and the kinds of a union left out."""
    parts = [
        str(part)[:64]
        for part in loc
        if not (isinstance(part, str) and part.startswith(("constrained", "function")))
    ]
    return ascii(".".join(parts))[1:-1] or "the body"
