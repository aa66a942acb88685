"""What the OpenAPI document says of a path: its body, its answer, its problems.

Bodies are read and checked by `regard.serve.bodies`, not by FastAPI, which would read them whole and
leniently first; so they are described here.
"""

from __future__ import annotations

from typing import Any

import pydantic
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from regard.serve.wire import EventIn, EventsIn, ExplainIn, ItemIn, Problems, RecommendIn

__all__ = ["body", "says", "write_openapi"]

_REF = "#/components/schemas/{model}"
_BODIES = (EventIn, EventsIn, ExplainIn, ItemIn, RecommendIn)
_PROBLEMS = {
    400: "The body is no strict JSON.",
    401: "There is no key, or it is not known.",
    403: "The key may not do this.",
    404: "Nothing is known of this.",
    408: "The body came too slowly.",
    409: "The model cannot do this.",
    413: "The body is too large.",
    415: "The body is not called application/json.",
    422: "The body says what cannot be.",
    429: "Too many requests with this key.",
    503: "Too busy, or the store does not answer.",
}


def body(*kinds: type[pydantic.BaseModel]) -> dict[str, Any]:
    """Describe a body that is one of some models."""
    refs = [{"$ref": _REF.format(model=kind.__name__)} for kind in kinds]
    schema = refs[0] if len(refs) == 1 else {"anyOf": refs}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def says(kind: type[pydantic.BaseModel] | None) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of a path."""
    problems: dict[int | str, dict[str, Any]] = {
        status: {"model": Problems, "description": words} for status, words in _PROBLEMS.items()
    }
    return problems if kind is None else {200: {"model": kind}, **problems}


def write_openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application, with the bodies of its requests and its keys."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    _, definitions = models_json_schema([(kind, "validation") for kind in _BODIES], ref_template=_REF)
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(definitions["$defs"])
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"key": []}, {}]
    return document
