"""Changes: items that come and go, a user who is erased, another model: durable before they count.

A new model is read, checked and asked for lists before one name changes its meaning; a broken one is
refused, and the old one goes on. What is said about an item is tried on the model first, stored then, and
served last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from regard.errors import ConfigError, DataError, RegardError
from regard.serve.catalogue import Put, open_snapshot, with_item, without_item
from regard.serve.events import Attribute, Id
from regard.serve.moments import iso
from regard.serve.problems import Problem
from regard.serve.service import Service
from regard.serve.snapshot import Snapshot

__all__ = ["Changes"]


class Changes:
    """What changes a service.

    Parameters
    ----------
    service
        What is changed.
    folder
        Of the model; a request never names one.
    """

    def __init__(self, service: Service, folder: str | Path) -> None:
        self._service, self._folder = service, folder
        self._one_at_a_time = asyncio.Lock()

    async def reload(self) -> Snapshot:
        """Read the model folder again and answer with what it holds now.

        Raises
        ------
        Problem
            409 if the folder is broken or does not fit; the old model goes on.
        """
        service = self._service
        async with self._one_at_a_time:
            before = service.snapshot
            try:
                changes = await service.in_store(service.log.items)
                erased = await service.in_store(service.log.erased)
                replayed = await asyncio.to_thread(
                    open_snapshot, self._folder, changes, erased=erased, before=before
                )
            except (RegardError, OSError, RuntimeError, ValueError, KeyError) as error:
                service.counters.add("regard_reloads_total", "outcome", "refused")
                service.journal.mistake(error, {"where": "reload"})
                message = "the model folder cannot be used, the old model goes on; the log says why"
                raise Problem("conflict", message) from None
            if replayed.refused:
                service.journal.write("items_refused", {"items": replayed.refused}, level="warning")
            service.swap(replayed.snapshot)
            service.counters.add("regard_reloads_total", "outcome", "swapped")
            service.journal.write("swapped", {"before": before.version, "after": replayed.snapshot.version})
            return replayed.snapshot

    async def put_item(self, item: Id, attributes: Mapping[str, Attribute]) -> Put:
        """Make an item recommendable by its attributes.

        Raises
        ------
        Problem
            409 if the model reads no attributes, 422 if a value does not fit, 503 if it cannot be stored.
        """
        service = self._service
        async with self._one_at_a_time:
            own = service.snapshot.item(item)
            try:
                put = await service.slow.run(lambda: with_item(service.snapshot, own, attributes))
            except ConfigError as error:
                raise Problem("conflict", str(error)) from None
            except DataError as error:
                raise Problem("unprocessable", str(error)) from None
            await service.in_store(lambda: service.log.put_item(own, attributes))
            service.swap(put.snapshot)
            return put

    async def delete_item(self, item: Id) -> bool:
        """Recommend an item no longer; return False where it was hidden already.

        Raises
        ------
        Problem
            404 if nothing is known of it, 503 if it cannot be stored.
        """
        service = self._service
        async with self._one_at_a_time:
            own = service.snapshot.item(item)
            if service.snapshot.numbers([own])[0] < 0:
                raise Problem("not_found", "nothing is known of this item")
            new = await service.in_store(lambda: service.log.delete_item(own))
            service.swap(without_item(service.snapshot, own))
            return new

    async def erase_user(self, user: Id) -> int:
        """Erase the events of a user and read those of the model folder no more; return how many there were.

        Raises
        ------
        Problem
            503 if the store cannot do it now.
        """
        service = self._service
        async with self._one_at_a_time:
            states = service.serving.states
            states.begin({user})
            try:
                gone = await service.in_store(lambda: service.log.delete_user(user))
                if service.snapshot.row(user) >= 0:
                    erased = await service.in_store(service.log.erased)
                    service.swap(replace(service.snapshot, erased=erased))
                return gone
            finally:
                states.end({user}, {})
                service.serving.states.forget(user)

    async def export_user(self, user: Id) -> dict[str, Any]:
        """Return everything that is stored of a user: log, training data, attributes.

        Raises
        ------
        Problem
            503 if the store does not answer.
        """
        service, snapshot = self._service, self._service.snapshot
        events = await service.in_store(lambda: service.log.history(user, latest=2**31 - 1))
        return {
            "user_id": user,
            "events": [
                {
                    "event_id": event.event_id,
                    "item_id": event.item_id,
                    "time": iso(event.time),
                    "type": event.type,
                    "fields": dict(event.fields),
                }
                for event in events
            ],
            **_trained(snapshot, user),
        }


def _trained(snapshot: Snapshot, user: Id) -> dict[str, Any]:
    """Return what the model folder holds of a user."""
    dataset, row = snapshot.model.dataset, snapshot.row(user)
    if row < 0:
        return {"trained_on": [], "attributes": {}}
    history = snapshot.trained(row)
    items = dataset.items.decode(history.item_E).to_list()
    return {
        "trained_on": [
            {"item_id": item, "time": iso(time)}
            for item, time in zip(items, history.time_E.tolist(), strict=True)
        ],
        "attributes": dataset.user_table.drop("user_id").row(row, named=True),
    }
