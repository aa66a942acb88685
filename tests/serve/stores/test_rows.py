"""An event comes back from its row as it was, for any event that there can be; a checksum sees every change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import DataError
from regard.serve.events import StoredEvent
from regard.serve.stores.rows import (
    Row,
    attributes_of,
    checksum,
    event_of,
    id_of,
    item_checksum,
    key_of,
    row_of,
    text_of,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NAME = TEXT.filter(bool)
BITS = st.integers(-(2**63), 2**63 - 1)
SCALAR = TEXT | BITS | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
EVENT = st.builds(
    StoredEvent,
    event_id=NAME,
    user_id=NAME | BITS,
    item_id=NAME | BITS,
    time=st.integers(-(2**53) + 1, 2**53 - 1),
    type=TEXT | st.none(),
    fields=st.dictionaries(NAME.map(lambda name: f"f{name}"), SCALAR, max_size=4),
)


@given(EVENT)
def test_an_event_comes_back_as_it_was(event: StoredEvent) -> None:
    again = event_of(row_of(event))
    assert again == event
    assert type(again.user_id) is type(event.user_id)
    assert {name: type(value) for name, value in again.fields.items()} == {
        name: type(value) for name, value in event.fields.items()
    }
    assert "\0" not in "".join([row_of(event).user, row_of(event).body])


@given(NAME | BITS)
def test_an_id_comes_back_from_its_key_and_keys_keep_types_apart(value: str | int) -> None:
    assert id_of(key_of(value, "user_id")) == value
    assert key_of(str(value), "user_id") != key_of(5, "user_id")


def test_a_checksum_sees_each_part() -> None:
    row = Row("e", '"u"', 5, "{}")
    others = [
        replace(row, event_id="f"),
        replace(row, user='"v"'),
        replace(row, time=6),
        replace(row, body="{ }"),
    ]
    sums = {checksum(1, row), checksum(2, row), *(checksum(1, other) for other in others)}
    assert len(sums) == 6
    assert item_checksum("1", 2, None) != item_checksum("1", 2, "{}") != item_checksum("1", 3, "{}")


def test_attributes_come_back_and_what_is_no_json_is_refused() -> None:
    attributes = {"price": 2.5, "genres": ["a", "b"], "title": "Ä", "none": None}
    assert attributes_of(text_of(attributes)) == attributes
    for bad in ({"a": float("nan")}, {"a": [float("inf")]}, {"a": {}}, {"a": b"bytes"}):
        with pytest.raises(DataError):
            text_of(bad)  # type: ignore[arg-type]
