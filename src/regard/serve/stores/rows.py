"""Events as rows of texts and numbers, the same in every store.

An id becomes its JSON text, so that ``1`` and ``"1"`` stay different; what no query asks for is one JSON
text, the body. It knows no store.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from regard.errors import DataError
from regard.serve.events import Attribute, Id, StoredEvent, check_id

__all__ = [
    "Row",
    "attributes_of",
    "checksum",
    "event_of",
    "id_of",
    "item_checksum",
    "key_of",
    "mark_checksum",
    "mark_of",
    "row_of",
    "text_of",
]


@dataclass(frozen=True, slots=True)
class Row:
    """An event as a store keeps it; `user` and `body` are JSON."""

    event_id: str
    user: str
    time: int
    body: str


def row_of(event: StoredEvent) -> Row:
    """Return the row of an event.

    Examples
    --------
    >>> row = row_of(StoredEvent(event_id="a1", user_id="eve", item_id=7, time=5, type="view"))
    >>> row.user, row.body
    ('"eve"', '{"item":7,"type":"view"}')
    >>> event_of(row).item_id
    7
    """
    body: dict[str, object] = {"item": event.item_id}
    if event.type is not None:
        body["type"] = event.type
    if event.fields:
        body["fields"] = dict(event.fields)
    return Row(event.event_id, _json(event.user_id), event.time, _json(body))


def event_of(row: Row) -> StoredEvent:
    """Return the event of a row."""
    body = json.loads(row.body)
    return StoredEvent(
        event_id=row.event_id,
        user_id=json.loads(row.user),
        item_id=body["item"],
        time=row.time,
        type=body.get("type"),
        fields=body.get("fields", {}),
    )


def item_checksum(item: str, change: int, attributes: str | None) -> int:
    """Return the CRC-32 of what was said about an item, both texts as JSON; None where it is hidden."""
    return zlib.crc32(f"{item}\0{change}\0{attributes or ''}".encode("utf-8", "surrogateescape"))


def checksum(number: int, row: Row) -> int:
    """Return the CRC-32 of a row and its number: what `Row` holds, none left out."""
    text = f"{number}\0{row.event_id}\0{row.user}\0{row.time}\0{row.body}"
    return zlib.crc32(text.encode("utf-8", "surrogateescape"))


def key_of(value: Id, name: str) -> str:
    """Return an id as JSON, or raise DataError where no log could have it."""
    check_id(value, name)
    return _json(value)


def mark_of(user_id: Id) -> str:
    """Return what a log remembers of an erased user: a hash of the id, from which it cannot be read.

    Whoever holds the log and has an id can tell whether it was erased.

    Examples
    --------
    >>> mark_of("eve") == mark_of("eve"), mark_of(1) == mark_of("1"), len(mark_of("eve"))
    (True, False, 32)
    """
    return hashlib.blake2b(key_of(user_id, "user_id").encode(), digest_size=16, person=b"erased").hexdigest()


def mark_checksum(mark: str, time: int) -> int:
    """Return the CRC-32 of a mark and its time."""
    return zlib.crc32(f"{mark}\0{time}".encode())


def id_of(key: str) -> Id:
    """Return the id of what `key_of` made."""
    return cast(Id, json.loads(key))


def text_of(attributes: Mapping[str, Attribute]) -> str:
    """Return the attributes of an item as JSON.

    Raises
    ------
    DataError
        If a value is neither a text, a finite number, a truth value, null, nor a list of such.
    """
    for name, value in attributes.items():
        values = value if isinstance(value, list | tuple) else [value]
        if not all(one is None or isinstance(one, str | int | float) for one in values):
            raise DataError(f"{name}: {value!r} is no text, number, truth value, null or list of such")
    try:
        return _json(dict(attributes))
    except ValueError:
        raise DataError("attributes: numbers must be finite") from None


def attributes_of(text: str) -> dict[str, Attribute]:
    """Return the attributes of what `text_of` made; tuples have become lists."""
    return cast(dict[str, Attribute], json.loads(text))


def _json(value: str | int | Sequence[object] | Mapping[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
