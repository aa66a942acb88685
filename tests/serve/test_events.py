"""An event that no store could keep is refused when it is made, and the message names the value."""

from __future__ import annotations

from typing import Any

import pytest

from regard.errors import DataError
from regard.serve.events import StoredEvent, check_id

GOOD: dict[str, Any] = {"event_id": "a", "user_id": "u", "item_id": 7, "time": 0}


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("event_id", "", "event_id: is empty"),
        ("event_id", 5, "event_id: 5 is no text"),
        ("user_id", True, "user_id: True is neither"),
        ("user_id", 1.5, "user_id: 1.5 is neither"),
        ("user_id", None, "user_id: None is neither"),
        ("item_id", 2**63, "item_id: 9223372036854775808 has more than 64 bits"),
        ("item_id", "x" * 401, "item_id: .* more than 400 characters"),
        ("item_id", "a\0b", "item_id: .* NUL"),
        ("item_id", "\ud800", "item_id: .* surrogate"),
        ("time", 2**53, "time: 9007199254740992 is no number of microseconds"),
        ("time", 1.0, "time: 1.0 is no number"),
        ("type", 3, "type: 3 is no text"),
        ("fields", {"price": float("nan")}, "price: nan is no"),
        ("fields", {"price": 2**64}, "price: .* 64 bits"),
        ("fields", {"tags": ["a"]}, "tags: .* is no text"),
        ("fields", {"timestamp": 5}, "fields: 'timestamp' cannot be the name"),
        ("fields", {1: "a"}, "fields: 1 is no text"),
    ],
)
def test_what_no_store_can_keep_is_refused(column: str, value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        StoredEvent(**{**GOOD, column: value})


def test_texts_of_any_script_and_every_kind_of_scalar_are_taken() -> None:
    fields = {"price": 2.5, "device": "手机", "count": -3, "gift": True, "coupon": None, "note": ""}
    assert StoredEvent(**{**GOOD, "user_id": "Жанна", "fields": fields}).fields == fields


def test_the_ends_of_the_integers_are_taken() -> None:
    check_id(2**63 - 1, "item_id")
    check_id(-(2**63), "item_id")
