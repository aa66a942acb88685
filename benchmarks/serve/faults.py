"""Kill at a random moment under load, start again, and see that every acknowledged event is there once.

    python benchmarks/serve/faults.py [--quick] [--stores sqlite postgres redis]

A round: a process appends batches of 1 to 20 events from four threads and notes each batch once it is
acknowledged. For SQLite that process is killed (SIGKILL) at a random moment; for PostgreSQL and Redis the server
is, with all its children, and the process after it. Then the log is opened again. Each acknowledged event must be
there exactly once, each other batch whole or not at all, and sending acknowledged events again must store
nothing. The log grows over 50 rounds and is then read whole. What a power cut does is not shown by this: that an acknowledgement waits
for the sync is shown by the tests with failing syncs.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import Target, keep, median, read
from benchmarks.serve.servers import PostgresServer, RedisServer, Server
from regard.errors import StoreError
from regard.serve.events import StoredEvent
from regard.serve.stores.book import open_log

__all__ = ["Fate", "run", "run_rounds"]

_THREADS = 4
_LONGEST = 0.4  # seconds from the first acknowledgement to the kill, at most
_ROUNDS = {"sqlite": 300, "postgres": 30, "redis": 30}
_SERVERS: dict[str, Callable[[], Server]] = {"postgres": PostgresServer, "redis": RedisServer}


@dataclass(kw_only=True)
class Fate:
    """What became of the events of all rounds.

    Parameters
    ----------
    acknowledged, lost, twice
        Events that were acknowledged, and of them those missing or there more than once.
    torn
        Batches that were stored in part.
    stored_again
        Acknowledged events that were stored again when they were sent again.
    unacknowledged
        Events that are in the log although their acknowledgement never came: allowed, a client sends them again.
    """

    store: str
    rounds: int = 0
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    torn: int = 0
    stored_again: int = 0
    unacknowledged: int = 0
    in_log: int = 0
    restart_seconds: list[float] = field(default_factory=list)
    names: set[str] = field(default_factory=set)  # every acknowledged event of all rounds

    @property
    def clean(self) -> bool:
        """Whether nothing that must not happen happened."""
        return not (self.lost or self.twice or self.torn or self.stored_again)


def run_rounds(store: str, rounds: int, *, seed: int = 0, say: Callable[[str], None] | None = None) -> Fate:
    """Run rounds against one store: ``sqlite``, ``postgres`` or ``redis``."""
    draw, fate = random.Random(seed), Fate(store=store)
    server = _SERVERS[store]() if store in _SERVERS else None
    with tempfile.TemporaryDirectory() as folder:
        acks = Path(folder) / "acks"
        try:
            if server is not None:
                server.start()
            for number in range(rounds):
                if number % 50 == 0:  # a new file, so that reading it all takes no longer and longer
                    fate.in_log, fate.names = 0 if server is None else fate.in_log, set()
                url = f"sqlite:///{folder}/{number // 50}.db" if server is None else server.url
                acks.write_text("")
                _crash(url, acks, number, draw, server)
                _judge(url, acks, number, fate, whole=number % 50 == 49 or number == rounds - 1)
                if say is not None and (number + 1) % 25 == 0:
                    say(f"{store}: {number + 1} rounds, {fate.acknowledged:,} acknowledged, {fate.lost} lost")
        finally:
            if server is not None:
                server.remove()
    return fate


def _crash(url: str, acks: Path, number: int, draw: random.Random, server: Server | None) -> None:
    child = os.fork()  # not a new interpreter, whose start would take most of a round
    if child == 0:
        try:
            _load(url, acks, number)
        finally:
            os._exit(1)
    try:
        end = time.monotonic() + 60
        while not acks.stat().st_size:
            if time.monotonic() > end:
                raise RuntimeError(f"round {number}: nothing was acknowledged")
            time.sleep(0.002)
        time.sleep(draw.uniform(0, _LONGEST))
        if server is not None:
            server.kill()
            time.sleep(0.02)  # the process meets the dead server
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if server is not None:
        server.start()


def _judge(url: str, acks: Path, number: int, fate: Fate, *, whole: bool) -> None:
    """Count what became of a round; now and then look at the whole log, for what earlier rounds left there."""
    begun = time.perf_counter()
    log = open_log(url)
    fate.restart_seconds.append(time.perf_counter() - begun)
    try:
        found = Counter[str]()
        after = 0 if whole else fate.in_log
        while events := log.read(after=after):
            found.update(one.event.event_id for one in events)
            after = events[-1].number
        kept = [line.split() for line in acks.read_text().splitlines()]
        acknowledged = {name for line in kept for name in line}
        here = {name for name in found if name.startswith(f"{number}-")}
        fate.acknowledged += len(acknowledged)
        fate.names |= acknowledged
        fate.lost += len(fate.names - found.keys() if whole else acknowledged - here)
        fate.twice += sum(count > 1 for count in found.values())
        fate.unacknowledged += len(here - acknowledged)
        batches = Counter(name.rpartition("-")[0] for name in here)
        fate.torn += sum(count != int(batch.rpartition("-")[2]) for batch, count in batches.items())
        again = [_event(name) for name in list(acknowledged)[:50]]
        fate.in_log = log.last()
        fate.stored_again += log.append(again).stored
        fate.rounds += 1
    finally:
        log.close()


def _event(name: str) -> StoredEvent:
    return StoredEvent(
        event_id=name, user_id=zlib.crc32(name.encode()) % 100, item_id=1, time=1_700_000_000_000_000
    )


def _load(url: str, acks: Path, number: int) -> None:
    log = open_log(url)
    file = os.open(acks, os.O_WRONLY | os.O_APPEND)

    def send(thread: int) -> None:
        draw, batch = random.Random(f"{number}-{thread}"), 0
        while True:
            size, batch = draw.randint(1, 20), batch + 1
            # ROUND-THREAD-BATCH-SIZE-PLACE
            names = [f"{number}-{thread}-{batch}-{size}-{place}" for place in range(size)]
            try:
                log.append([_event(name) for name in names])
            except StoreError:
                time.sleep(0.01)
                continue
            os.write(file, (" ".join(names) + "\n").encode())

    threads = [threading.Thread(target=send, args=(one,)) for one in range(_THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run the rounds of a job in a process of their own, for `benchmarks.common.fresh`."""
    return _said(run_rounds(job["store"], job["rounds"], seed=job["seed"]))


def _said(fate: Fate) -> dict[str, Any]:
    times = sorted(fate.restart_seconds)
    kept = {name: value for name, value in vars(fate).items() if name not in {"restart_seconds", "names"}}
    return {**kept, "clean": fate.clean, "restart_seconds": {"median": median(times), "largest": times[-1]}}


def _keep(name: str, results: list[dict[str, Any]]) -> None:
    broken = sum(one["lost"] + one["twice"] + one["torn"] + one["stored_again"] for one in results)
    what = "acknowledged events lost, doubled or torn"
    target = Target(name=what, value=broken, goal=0, lower_is_better=True)
    print(target, flush=True)
    keep(name, {"stores": results, "targets": [target.to_json()]})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="ten rounds for each store")
    parser.add_argument("--stores", nargs="+", default=list(_ROUNDS), choices=list(_ROUNDS))
    arguments = parser.parse_args()
    name = f"serve_faults{'_quick' if arguments.quick else ''}"
    results = [
        one for one in (read(name) or {"stores": []})["stores"] if one["store"] not in arguments.stores
    ]
    for store in arguments.stores:
        rounds = 10 if arguments.quick else _ROUNDS[store]
        results.append(_said(run_rounds(store, rounds, say=partial(print, flush=True))))
        _keep(name, results)


if __name__ == "__main__":
    main()
