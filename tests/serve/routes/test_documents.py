"""What the OpenAPI document says."""

from __future__ import annotations

from regard.serve.routes.documents import body, says
from regard.serve.wire import EventIn, EventsIn, StoredOut


def test_a_body_of_two_kinds_is_either() -> None:
    schema = body(EventIn, EventsIn)["requestBody"]["content"]["application/json"]["schema"]
    assert [ref["$ref"] for ref in schema["anyOf"]] == [
        "#/components/schemas/EventIn",
        "#/components/schemas/EventsIn",
    ]


def test_every_path_may_answer_with_problems() -> None:
    assert {400, 401, 403, 422, 429, 503} <= set(says(StoredOut))
    assert 200 in says(StoredOut)
    assert 200 not in says(None)
