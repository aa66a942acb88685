"""Watching: a changed model folder, or what another process said about items, is served without being told.

A folder is replaced as a whole, so its manifest tells a new one. A folder that is refused is not tried again
until it changes. What this process itself says about items counts as a change too: one reload more, no harm.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from regard.serve.changes import Changes
from regard.serve.problems import Problem
from regard.serve.service import Service
from regard.serve.snapshot import version_of

__all__ = ["Watching"]


class Watching:
    """Looks now and then, and reloads.

    Parameters
    ----------
    service, changes
        What serves, and what changes it.
    folder
        Of the model.
    seconds
        Between two looks.
    """

    def __init__(self, service: Service, changes: Changes, folder: str | Path, *, seconds: float) -> None:
        self._service, self._changes, self._folder, self._seconds = service, changes, Path(folder), seconds
        self._seen = (service.snapshot.version, service.log.changes())

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(self._seconds)
            await self.look()

    async def look(self) -> bool:
        """Reload if something has changed; return whether another model answers now."""
        try:
            said = await self._service.in_store(self._service.log.changes)
        except Problem:  # the store is down: it is asked again next time
            return False
        now = (await asyncio.to_thread(self._version), said)
        if now == self._seen or not now[0]:
            return False
        self._seen = now
        try:
            await self._changes.reload()
        except Problem:  # written down where it happened; the old model goes on
            return False
        return True

    def _version(self) -> str:
        """Return the version of the folder; nothing while it is being replaced."""
        try:
            return version_of(self._folder)
        except OSError:
            return ""
