"""Events that a log stores a second, each acknowledged only when it is synced.

    python benchmarks/serve/append.py [--quick]

One by one from one thread, one by one from 16 threads (group commit), in batches of 500 from one thread; then
how long a history of 50 events takes and how long a log of that size takes to open, checks included.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import busy, keep
from benchmarks.serve.servers import PostgresServer, RedisServer, Server
from regard.serve.events import StoredEvent
from regard.serve.log import EventLog
from regard.serve.stores.book import open_log

_USERS, _ITEMS = 5_000, 3_000
_WAYS = (("one by one, 1 thread", 1, 1), ("one by one, 16 threads", 16, 1), ("batches of 500", 1, 500))
_SERVERS: dict[str, Callable[[], Server]] = {"postgres": PostgresServer, "redis": RedisServer}


def _events(numbers: range) -> list[StoredEvent]:
    return [
        StoredEvent(
            event_id=f"event-{n:012}",
            user_id=n * 7919 % _USERS,
            item_id=n * 104_729 % _ITEMS,
            time=1_700_000_000_000_000 + n,
            type="view",
            fields={"device": "phone"},
        )
        for n in numbers
    ]


def _rate(log: EventLog, counter: itertools.count[int], *, threads: int, batch: int, seconds: float) -> float:
    """Append for some seconds; return events a second."""
    end, done = time.perf_counter() + seconds, [0] * threads

    def send(which: int) -> None:
        while time.perf_counter() < end:
            first = next(counter) * 1000
            done[which] += log.append(_events(range(first, first + batch))).stored

    begun = time.perf_counter()
    running = [threading.Thread(target=send, args=(which,)) for which in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    return sum(done) / (time.perf_counter() - begun)


def _measure(url: str, *, seconds: float) -> dict[str, Any]:
    log, counter = open_log(url), itertools.count()
    found: dict[str, Any] = {
        name: round(_rate(log, counter, threads=threads, batch=batch, seconds=seconds))
        for name, threads, batch in _WAYS
    }
    begun = time.perf_counter()
    for user in range(1000):
        log.history(user, latest=50)
    found["history, milliseconds"] = round(time.perf_counter() - begun, 3)
    found["events"] = log.last()
    log.close()
    begun = time.perf_counter()
    open_log(url).close()
    found["open, seconds"] = round(time.perf_counter() - begun, 3)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two seconds each; nothing is kept")
    arguments = parser.parse_args()
    warning, results = busy(), {}
    if warning:
        print(warning)
    seconds = 2.0 if arguments.quick else 10.0
    with tempfile.TemporaryDirectory() as folder:
        results["sqlite"] = _measure(f"{folder}/events.db", seconds=seconds)
        print("sqlite", results["sqlite"])
    for store, make in _SERVERS.items():
        server = make()
        try:
            server.start()
            results[store] = _measure(server.url, seconds=seconds)
            print(store, results[store])
        finally:
            server.remove()
    if not arguments.quick:
        keep("serve_append", {"stores": results})


if __name__ == "__main__":
    main()
