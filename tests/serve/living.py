"""A real server on a real socket, in a thread: what the tests of this room ask."""

from __future__ import annotations

import io
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from benchmarks.serve.servers import RedisServer

from regard.serve.app import create_app
from regard.serve.catalogue import open_snapshot
from regard.serve.keys import KeyFile
from regard.serve.limits import Limits
from regard.serve.log import EventLog
from regard.serve.logs import JsonLog
from regard.serve.rates import Rates
from regard.serve.service import Service
from regard.serve.spans import Spans
from regard.serve.stores.book import open_log
from regard.serve.supervise import listen, server_of

_NAMES = itertools.count()


@dataclass
class House:
    """A server, what it is made of, and somebody who asks it."""

    service: Service
    folder: Path
    port: int
    client: httpx2.Client
    journal: io.StringIO

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal.getvalue().splitlines()]

    def told(self, event: str) -> dict[str, Any]:
        """Return the latest line of a kind; it may be written just after an answer came."""
        for _ in range(200):
            found = [line for line in self.lines() if line["event"] == event]
            if found:
                return found[-1]
            time.sleep(0.01)
        raise AssertionError(f"the log has no line {event!r}")

    def recommend(self, **asked: Any) -> dict[str, Any]:
        answer = self.client.post("/v1/recommendations", json=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def items(self, **asked: Any) -> list[Any]:
        return [one["item_id"] for one in self.recommend(**asked)["items"]]

    def send(self, user: Any, item: Any, **more: Any) -> dict[str, Any]:
        event = {"event_id": f"e{next(_NAMES)}", "user_id": user, "item_id": item, **more}
        answer = self.client.post("/v1/events", json=event)
        assert answer.status_code == 200, answer.text
        return answer.json()


def resident() -> int:
    """Return the bytes of this process, which is the server's too; 0 where the system does not say."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * 4_096 if pages.is_file() else 0


@contextmanager
def living(
    folder: Path,
    store: Path | EventLog,
    *,
    limits: Limits | None = None,
    memory: int = 1 << 24,
    keys: KeyFile | None = None,
    rates: Rates | None = None,
    ids: bool = False,
    watch: float | None = None,
    spans: Spans | None = None,
) -> Iterator[House]:
    journal = io.StringIO()
    log = open_log(str(store)) if isinstance(store, Path) else store
    service = Service(
        open_snapshot(folder, log.items(), erased=log.erased()).snapshot,
        log,
        limits=limits or Limits(seconds=20),
        memory=memory,
        journal=JsonLog(journal, ids=ids),
    )
    at = listen("127.0.0.1", 0)
    server = server_of(
        create_app(service, folder, keys=keys, rates=rates, watch=watch, spans=spans), service, drain=5
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [at.socket]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{at.port}", timeout=60) as client:
            yield House(service=service, folder=folder, port=at.port, client=client, journal=journal)
    finally:
        server.should_exit = True
        thread.join()
        at.socket.close()


@contextmanager
def beside_another(folder: Path, server: RedisServer) -> Iterator[tuple[House, EventLog]]:
    """A server that looks often at a store, and the store as another process has it open."""
    server.empty()
    other = open_log(server.url)
    try:
        with living(folder, open_log(server.url), memory=0, watch=0.05) as house:
            yield house, other
    finally:
        other.close()
