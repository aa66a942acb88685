"""Law: what was acknowledged is there after any crash, once. The short version of `benchmarks/serve/faults.py`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from benchmarks.common import ROOT, fresh

POSTGRES = any(Path("/usr/lib/postgresql").glob("*/bin/postgres")) or shutil.which("postgres") is not None
REDIS = shutil.which("redis-server") is not None


@pytest.mark.parametrize(
    ("store", "rounds"),
    [
        ("sqlite", 10),
        pytest.param(
            "postgres", 3, marks=pytest.mark.skipif(not POSTGRES, reason="PostgreSQL is not installed")
        ),
        pytest.param("redis", 3, marks=pytest.mark.skipif(not REDIS, reason="redis-server is not installed")),
    ],
)
def test_a_kill_at_a_random_moment_loses_nothing_and_doubles_nothing(store: str, rounds: int) -> None:
    script = ROOT / "benchmarks" / "serve" / "faults.py"
    fate = fresh(script, "run", {"store": store, "rounds": rounds, "seed": 1}, timeout=300).value
    assert fate["rounds"] == rounds
    assert fate["acknowledged"] > 50
    assert (fate["lost"], fate["twice"], fate["torn"], fate["stored_again"]) == (0, 0, 0, 0)
