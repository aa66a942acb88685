"""An event as the log keeps it, its number there, and what the log answers.

An event is checked when it is made, by what every store can keep: ids are texts of at most 400 characters,
without NUL, or integers of 64 bits, and keep their type; times fit in a double, numbers are finite. How
large a request may be is no matter of this file. It knows no store and no wire format.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regard.errors import DataError

__all__ = ["Appended", "Attribute", "Id", "ItemChanges", "Numbered", "Scalar", "StoredEvent", "check_id"]

Id = str | int
Scalar = str | int | float | bool | None
Attribute = Scalar | Sequence[Scalar]

_BITS = 63
_LONGEST = 400  # characters of an id: what an index of every store can hold
_COLUMNS = frozenset(
    {"event_id", "user_id", "item_id", "timestamp", "event_type"}
)  # no field has such a name
_TIMES = 2**53  # a double holds every integer up to here: the years 1684 to 2255


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event: who, what, when.

    Parameters
    ----------
    event_id
        Its name in the log. The same name again is a duplicate and is not stored twice.
    user_id, item_id
        Texts or integers; ``1`` and ``"1"`` are different.
    time
        Microseconds since 1970, UTC.
    type
        For instance ``purchase``; None where the events have no types.
    fields
        Further columns, for instance weight, price, device.

    Raises
    ------
    DataError
        If a value cannot be kept, naming it.

    Examples
    --------
    >>> StoredEvent(event_id="a1", user_id="eve", item_id=7, time=1_700_000_000_000_000).item_id
    7
    """

    event_id: str
    user_id: Id
    item_id: Id
    time: int
    type: str | None = None
    fields: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.event_id, str):
            raise DataError(f"event_id: {self.event_id!r} is no text")
        check_id(self.event_id, "event_id")
        check_id(self.user_id, "user_id")
        check_id(self.item_id, "item_id")
        if isinstance(self.time, bool) or not isinstance(self.time, int) or abs(self.time) >= _TIMES:
            raise DataError(f"time: {self.time!r} is no number of microseconds from 1684 to 2255")
        if self.type is not None:
            _check_text(self.type, "type")
        for name, value in self.fields.items():
            _check_text(name, "fields")
            if name in _COLUMNS or not name:
                raise DataError(f"fields: {name!r} cannot be the name of a further column")
            _check_scalar(value, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """An event with its place in the log.

    Parameters
    ----------
    number
        1, 2, 3, ...: strictly rising in the order of acknowledgement, and never given twice.
    """

    number: int
    event: StoredEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of events that were appended.

    Parameters
    ----------
    stored
        How many are new in the log.
    duplicates
        How many were there already, by their ``event_id``, or came twice.
    last
        Highest number that the log has given.
    """

    stored: int
    duplicates: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChanges:
    """What was said about items since the model was trained: the last word on each.

    Parameters
    ----------
    put
        Attributes of the items that were put, by id, in the order of their last change.
    deleted
        Items that are hidden; none of them is in `put`.
    """

    put: Mapping[Id, Mapping[str, Attribute]]
    deleted: frozenset[Id]


def check_id(value: object, name: str) -> None:
    """Raise DataError, with the name of the column, for an id that a log cannot keep.

    Examples
    --------
    >>> check_id(True, "user_id")
    Traceback (most recent call last):
    regard.errors.DataError: user_id: True is neither a text nor an integer
    """
    if isinstance(value, str):
        if not value:
            raise DataError(f"{name}: is empty")
        if len(value) > _LONGEST:
            raise DataError(f"{name}: {value[:40]!r}... has more than {_LONGEST} characters")
        _check_text(value, name)
    elif isinstance(value, bool) or not isinstance(value, int):
        raise DataError(f"{name}: {value!r} is neither a text nor an integer")
    elif not -(2**_BITS) <= value < 2**_BITS:
        raise DataError(f"{name}: {value} has more than 64 bits")


def _check_text(value: object, name: str) -> None:
    if not isinstance(value, str):
        raise DataError(f"{name}: {value!r} is no text")
    if "\0" in value:
        raise DataError(f"{name}: {value!r} holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise DataError(f"{name}: {value!r} holds half a character (a lone surrogate)") from None


def _check_scalar(value: object, name: str) -> None:
    if isinstance(value, str):
        _check_text(value, name)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        check_id(value, name)
    elif not isinstance(value, float) or not math.isfinite(value):
        raise DataError(f"{name}: {value!r} is no text, finite number, truth value or null")
