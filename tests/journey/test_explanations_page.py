"""The page on explanations tells what the kept runs say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.explanations_page import page, pooled, targets, write_page

from regard.explain.curves import BETTER

NAMES = ("leave one out", "one by one", "attention, last layer", "random order")


def run(seed: int, levels: dict[str, float]) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    values = {
        name: {m: (level + 0.01 * draw.random(40)).tolist() for m in BETTER} for name, level in levels.items()
    }
    interval = {"value": 0.95, "low": 0.9, "high": 1.0}
    methods = [
        {
            **{"name": name, "covers": "the served score", "faithful": "o" in name, "calls": 3.0},
            **{"milliseconds": 2.0, "measures": dict.fromkeys(BETTER, interval)},
        }
        for name in levels
    ]
    search = {"name": "beam", "k": 1, "users": 20, "found": interval, "verified": 19, "smallest": 18}
    return {
        **{"data": "ml-1m", "split": "time", "seed": seed, "per_user": values},
        "weights": {"model": 1.0, "memory": 300.0, "trend": 0.5},
        "report": {
            **{"users": 40, "events": 33.0, "methods": methods},
            "counterfactuals": [{**search, "size": 1.4, "calls": 60.0, "milliseconds": 50.0}],
        },
        "environment": {"processor": "a processor", "threads": 1, "commit": "abc", "date": "2026-11-24"},
    }


def test_the_page_has_every_method_and_says_what_was_reached(tmp_path: Path) -> None:
    good = dict(zip(NAMES, (0.20, 0.195, 0.6, 0.7), strict=True))
    kept = {"longest": 50, "runs": [run(0, good), run(1, good)]}
    text = page(json.loads(json.dumps(kept)))
    for name in NAMES:
        assert name in text
    assert "38 of 38" in text
    assert [target.met for target in targets(kept)] == [True, False, True, True]  # a lower INS is worse
    assert write_page(kept, tmp_path / "page.md").read_text(encoding="utf-8") == text
    assert pooled(kept["runs"])["one by one"]["DEL"].value == pytest.approx(0.2, abs=0.002)
