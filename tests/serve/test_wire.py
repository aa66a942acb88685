"""Requests are strict: nothing is converted, nothing unknown is taken, sizes are bounded."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.serve.limits import MAX_BATCH, MAX_HISTORY, MAX_ID, MAX_K
from regard.serve.wire import EventIn, EventsIn, ExplainIn, ItemIn, RecommendIn

EVENT = {"event_id": "e1", "user_id": "ann", "item_id": 7}


@pytest.mark.parametrize(
    "changed",
    [
        {"user_id": True},
        {"user_id": 1.0},
        {"user_id": None},
        {"user_id": ""},
        {"user_id": "a\nb"},
        {"user_id": "a\u0000"},
        {"user_id": "x" * (MAX_ID + 1)},
        {"user_id": 2**63},
        {"item_id": []},
        {"event_id": 5},
        {"time": 1.5},
        {"time": True},
        {"type": 3},
        {"fields": {"price": [1]}},
        {"fields": {"price": float("nan")}},
        {"fields": {str(n): n for n in range(65)}},
        {"price": 3},
    ],
)
def test_an_event_is_refused_for_each_mistake(changed: dict[str, Any]) -> None:
    EventIn.model_validate(EVENT)
    with pytest.raises(pydantic.ValidationError):
        EventIn.model_validate(EVENT | changed)


def test_fields_keep_their_types() -> None:
    fields = {"price": 3, "rate": 0.5, "gift": True, "device": "phone", "note": None}
    kept = EventIn.model_validate(EVENT | {"fields": fields}).fields
    assert [type(value) for value in kept.values()] == [int, float, bool, str, type(None)]


@pytest.mark.parametrize("count", [0, MAX_BATCH + 1])
def test_a_batch_is_bounded(count: int) -> None:
    with pytest.raises(pydantic.ValidationError):
        EventsIn.model_validate({"events": [EVENT] * count})


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"user_id": "ann", "history": []},
        {"user_id": "ann", "times": [1]},
        {"history": [1, 2], "times": [1]},
        {"history": [1] * (MAX_HISTORY + 1)},
        {"user_id": "ann", "k": 0},
        {"user_id": "ann", "k": MAX_K + 1},
        {"user_id": "ann", "k": True},
        {"user_id": "ann", "k": "10"},
        {"user_id": "ann", "explain": 1},
        {"user_id": "ann", "explain": True, "k": 50},
        {"user_id": "ann", "allow": "B1"},
        {"user_id": "ann", "policy": "/etc/passwd"},
    ],
)
def test_a_request_is_refused_for_each_mistake(asked: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        RecommendIn.model_validate(asked)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from([EventIn, EventsIn, RecommendIn, ExplainIn, ItemIn]),
    st.dictionaries(
        st.sampled_from(
            ["event_id", "user_id", "item_id", "time", "events", "history", "times", "k", "attributes"]
        ),
        JSON,
    )
    | JSON,
)
def test_whatever_comes_is_read_or_refused(kind: type[pydantic.BaseModel], document: object) -> None:
    try:
        made = kind.model_validate(document)
    except pydantic.ValidationError:
        return
    assert kind.model_validate(made.model_dump()) == made
