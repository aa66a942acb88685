"""Load on a real ``regard serve``, load generator included: requests a second and how long they take.

    python benchmarks/serve/load.py MODEL [--seconds 20] [--connections 16] [--keep]

Four kinds, one after another, each with its own users drawn evenly: ``recommend`` asks for known users, whose
states are remembered after the first time; ``fresh`` asks for bare histories that never come twice, so that
each is encoded; ``event`` stores one event a request; ``mixed`` is nine lists to one event. Connections are kept
open, and each sends its next request when it has its answer (a closed loop). The generator and the server share
the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import busy, keep

_SERVE = "from regard.cli.main import main; main()"
Make = Callable[[random.Random, int], tuple[str, dict[str, Any]]]


@contextmanager
def served(model: Path, *options: str) -> Iterator[int]:
    """Start a server on a free port and give the port."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _SERVE, "serve", str(model), "--port", "0", *options]
        command += ["--store", f"{folder}/events.db", "--seconds", "30"]
        with (
            open(f"{folder}/log", "w", encoding="utf-8") as log,
            subprocess.Popen(command, stderr=log) as process,
        ):
            try:
                yield _port(Path(f"{folder}/log"), process)
            finally:
                process.terminate()
                process.wait()


def _port(log: Path, process: subprocess.Popen[bytes]) -> int:
    for _ in range(1_200):
        lines = log.read_text(encoding="utf-8").splitlines()
        if any("startup complete" in line for line in lines):
            return int(next(json.loads(line)["port"] for line in lines if '"listening"' in line))
        if process.poll() is not None:
            raise RuntimeError("\n".join(lines[-5:]))
        time.sleep(0.1)
    raise RuntimeError("the server did not start within two minutes")


async def load(port: int, make: Make, *, seconds: float, connections: int) -> dict[str, Any]:
    """Ask for some seconds over some connections; return the rate and the quantiles of the times."""
    times: list[float] = []
    bad: list[bytes] = []
    end = time.perf_counter() + seconds

    async def ask_on(number: int) -> None:
        draw, count = random.Random(number), 0
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            path, document = make(draw, (number << 32) + count)
            count += 1
            body = json.dumps(document).encode()
            head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            began = time.perf_counter()
            writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            content = await reader.readexactly(length)
            times.append(time.perf_counter() - began)
            if not answer.startswith(b"HTTP/1.1 200") or b'"fallback":true' in content:
                bad.append(content)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask_on(number) for number in range(connections)))
    spent = time.perf_counter() - began
    cuts = statistics.quantiles(times, n=100)
    return {
        "requests_per_second": len(times) / spent,
        "p50_ms": 1e3 * cuts[49],
        "p95_ms": 1e3 * cuts[94],
        "p99_ms": 1e3 * cuts[98],
        "requests": len(times),
        "not_answered_by_the_model": len(bad),
    }


def kinds(users: list[Any], items: list[Any], run: str) -> dict[str, Make]:
    """Return what each kind of load asks."""

    def recommend(draw: random.Random, number: int) -> tuple[str, dict[str, Any]]:
        return "/v1/recommendations", {"user_id": draw.choice(users), "k": 10}

    def fresh(draw: random.Random, number: int) -> tuple[str, dict[str, Any]]:
        return "/v1/recommendations", {"history": draw.choices(items, k=50), "k": 10}

    def event(draw: random.Random, number: int) -> tuple[str, dict[str, Any]]:
        said = {"event_id": f"{run}-{number}", "user_id": draw.choice(users), "item_id": draw.choice(items)}
        return "/v1/events", said

    def mixed(draw: random.Random, number: int) -> tuple[str, dict[str, Any]]:
        return event(draw, number) if draw.random() < 0.1 else recommend(draw, number)

    return {"recommend": recommend, "fresh": fresh, "event": event, "mixed": mixed}


def main() -> None:
    """Measure one model folder and print, or keep, the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    from regard.api import load as load_model

    model = load_model(given.model)
    users, items = model.dataset.users.ids.to_list(), model.dataset.items.ids.to_list()
    warning = busy()
    with served(given.model) as port:
        found = {}
        warming, measured = (
            kinds(users, items, f"b{time.time_ns()}"),
            kinds(users, items, f"c{time.time_ns()}"),
        )
        for name, make in measured.items():
            if name != "event":  # states of users that come again are made before the clock starts
                first = load(port, warming[name], seconds=given.seconds / 4, connections=given.connections)
                asyncio.run(first)
            found[name] = asyncio.run(load(port, make, seconds=given.seconds, connections=given.connections))
            print(name, json.dumps(found[name]))
    result = {
        "model": {"users": len(users), "items": len(items), "config": model.config.model},
        "seconds": given.seconds,
        "connections": given.connections,
        "busy": warning,
        "load": found,
    }
    if given.keep:
        print(keep("serve_load", result))


if __name__ == "__main__":
    main()
