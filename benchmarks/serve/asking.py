"""A load generator: asks a server over open connections and notes how long each answer takes.

A connection sends its next request when it has its answer (a closed loop). What is asked is the same for every
server: lists for known users (``recommend``), for bare histories that never come twice (``fresh``), one event a
request (``event``), and nine lists to one event (``mixed``). Users and items are drawn evenly. It measures and
knows no system.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["KINDS", "Make", "kinds", "load", "resident_mb", "watched"]

Make = Callable[[random.Random, int], tuple[str, dict[str, Any]]]
KINDS = ("recommend", "fresh", "event", "mixed")
_BAD = b'"fallback":true'


def kinds(users: list[Any], items: list[Any], run: str) -> Mapping[str, Make]:
    """Return what each kind of load asks; `run` makes the names of its events its own."""

    def recommend(draw: random.Random, number: int) -> tuple[str, dict[str, Any]]:
        return "/v1/recommendations", {"user_id": draw.choice(users), "k": 10}

    def fresh(draw: random.Random, number: int) -> tuple[str, dict[str, Any]]:
        return "/v1/recommendations", {"history": draw.choices(items, k=50), "k": 10}

    def event(draw: random.Random, number: int) -> tuple[str, dict[str, Any]]:
        said = {"event_id": f"{run}-{number}", "user_id": draw.choice(users), "item_id": draw.choice(items)}
        return "/v1/events", said

    def mixed(draw: random.Random, number: int) -> tuple[str, dict[str, Any]]:
        return event(draw, number) if draw.random() < 0.1 else recommend(draw, number)

    return dict(zip(KINDS, (recommend, fresh, event, mixed), strict=True))


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
            if not answer.startswith(b"HTTP/1.1 200") or _BAD in content:
                bad.append(content[:200])
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


async def watched(port: int, process: int, make: Make, *, seconds: float, connections: int) -> dict[str, Any]:
    """Ask for a long time and note the memory of the server's process forty times meanwhile."""
    memory: list[dict[str, float]] = []

    async def look() -> None:
        began = time.perf_counter()
        while True:
            memory.append({"second": round(time.perf_counter() - began, 1), "mb": resident_mb(process)})
            await asyncio.sleep(seconds / 40)

    looking = asyncio.create_task(look())
    found = await load(port, make, seconds=seconds, connections=connections)
    looking.cancel()
    memory.append({"second": round(seconds, 1), "mb": resident_mb(process)})
    return {**found, "seconds": seconds, "memory": memory}


def resident_mb(process: int) -> float:
    """Return the resident memory of a process, in 10^6 bytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
