"""Events for the tests of the logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.serve.events import Id, StoredEvent

NOON = 1_700_000_000_000_000


def event(name: int | str, *, user: Id = "eve", item: Id = "i1", at: int = 0, **further: Any) -> StoredEvent:
    """Return an event called `name`, `at` microseconds after noon."""
    fields: Mapping[str, Any] = further.pop("fields", {})
    return StoredEvent(
        event_id=f"e{name}", user_id=user, item_id=item, time=NOON + at, fields=fields, **further
    )
