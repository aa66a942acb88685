"""The bench of the live server: its generator, its targets and its chapters say what was measured."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import pytest
from benchmarks import run as bench
from benchmarks.serve.asking import KINDS, kinds, load, watched
from benchmarks.serve.load import targets_of
from benchmarks.serve_page import append_chapter, faults_chapter, load_chapter
from tests.serve.living import living

from regard.model import Model

USERS, ITEMS = [f"u{n}" for n in range(40)], [f"i{n}" for n in range(60)]


def figures(rate: float, p99: float) -> dict[str, Any]:
    one = {"requests_per_second": rate, "p50_ms": 1.5, "p95_ms": 4.0, "p99_ms": p99}
    return {key: {**one, "not_answered_by_the_model": 0} for key in KINDS} | {"memory_mb": 400.0}


def result(**systems: dict[str, Any]) -> dict[str, Any]:
    long = {"seconds": 600.0, "requests": 700_000, "requests_per_second": 1166.7, "p99_ms": 30.0}
    memory = [{"second": 0.0, "mb": 300.0}, {"second": 60.0, "mb": 350.0}, {"second": 600.0, "mb": 356.0}]
    return {
        "data": "ml-1m",
        "users": 6040,
        "items": 3416,
        "seconds": 20.0,
        "connections": 16,
        "repeats": 3,
        "systems": systems,
        "failed": {} if "rectools" in systems else {"rectools": "no environment\nno network"},
        "long": {**long, "memory": memory, "not_answered_by_the_model": 0},
    }


def test_the_generator_counts_every_answer_and_each_event_once(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    with living(tmp_path / "model", tmp_path / "events.db") as house:
        asked = kinds(USERS, ITEMS, "run")
        for name in KINDS:
            found = asyncio.run(load(house.port, asked[name], seconds=0.3, connections=4))
            assert found["not_answered_by_the_model"] == 0
            assert found["requests"] >= 4
            assert 0 < found["p50_ms"] <= found["p95_ms"] <= found["p99_ms"]
            if name == "event":
                assert house.service.log.last() == found["requests"]
        nobody = kinds(["nobody"], ITEMS, "other")["recommend"]
        found = asyncio.run(load(house.port, nobody, seconds=0.1, connections=2))
        assert found["not_answered_by_the_model"] == found["requests"]
        lasting = asyncio.run(
            watched(house.port, os.getpid(), asked["recommend"], seconds=0.3, connections=2)
        )
        assert len(lasting["memory"]) > 5
        assert all(one["mb"] > 50 for one in lasting["memory"])


@pytest.mark.parametrize(
    ("rate", "p99", "met"), [(1200.0, 20.0, True), (900.0, 20.0, False), (1200.0, 500.0, False)]
)
def test_the_target_is_ten_times_the_throughput_at_a_lower_p99(rate: float, p99: float, met: bool) -> None:
    found = targets_of(result(regard=figures(rate, p99), rectools=figures(100.0, 400.0)))
    assert len(found) == 5
    assert all(one.met for one in found) == met
    assert len(targets_of(result(regard=figures(rate, p99)))) == 1


def test_the_chapters_show_what_was_measured() -> None:
    both = load_chapter(result(regard=figures(1200.0, 20.0), rectools=figures(100.0, 400.0)))
    assert (
        "| lists for known users | regard serve | 1,200 | 1.5 ms | 4.0 ms | 20.0 ms | 0 | 0.40 GB |" in both
    )
    assert "| nine lists to one event | RecTools in FastAPI | 100 | 1.5 ms | 4.0 ms | 400.0 ms |" in both
    assert "350 MB after 60 seconds and 356 MB at the end" in both
    alone = load_chapter(result(regard=figures(1200.0, 20.0)))
    assert "Not measured: RecTools in FastAPI: no network" in alone
    stores = {"sqlite": {"one by one, 1 thread": 800, "open, seconds": 0.1}}
    assert "| sqlite | 800 | 0.1 |" in append_chapter({"stores": stores})
    fate = {"store": "sqlite", "rounds": 300, "acknowledged": 72_874, "lost": 0, "twice": 0, "torn": 0}
    fate |= {"stored_again": 0, "unacknowledged": 7, "restart_seconds": {"median": 0.66, "largest": 2.7}}
    shown = faults_chapter({"stores": [fate]})
    assert "| sqlite | 300 | 72,874 | 0 | 0 | 0 | 0 | 7 | 0.66 s, at most 2.70 s |" in shown


def test_every_step_of_the_bench_is_a_script() -> None:
    root = Path(bench.__file__).parent
    names = re.findall(r"_Step\(\"([a-z_/]+)\"", (root / "run.py").read_text(encoding="utf-8"))
    assert {"serve/load", "serve/append", "serve/faults"} <= set(names)
    assert all((root / f"{name}.py").is_file() for name in names)
