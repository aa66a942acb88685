"""The page on explanations tells what the kept runs say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.explanations_page import Beside, page, pooled, targets, write_page

from regard.explain.curves import BETTER, GRID

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


def drawn(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same runs in the newer form, which holds curves and sizes."""
    line = [1 - share for share in GRID]
    for kept in runs:
        for method in kept["report"]["methods"]:
            method |= {"left": line, "known": line[::-1]}
        kept["report"]["counterfactuals"][0]["sizes"] = {"1": 12, "2": 7}
    return runs


def test_a_peer_retraining_time_and_pictures_stand_beside_where_they_are_kept(tmp_path: Path) -> None:
    good = dict(zip(NAMES, (0.20, 0.195, 0.6, 0.7), strict=True))
    kept = {"longest": 50, "runs": drawn([run(0, good)])}
    foreign = run(0, good)
    del foreign["weights"]
    foreign |= {"settings": {"n_factors": 64}, "epochs": 7, "parity": 7e-7, "ndcg@10": 0.1}
    again = {"data": "ml-1m", "recipe": "fast", "settings": {"epochs": 3}, "k": 1, "asked": 5, "users": 4}
    again |= {"left": 4, "left_random": 1, "left_again": 2}
    screened = {"users": 90, "events": 80.0, "same_first": 0.9, "shared_of_first_three": 0.8}
    beside = Beside(
        peer={"longest": 50, "runs": [foreign]},
        retraining={"runs": [again]},
        speed={
            "speed": {"short": {"core_ms": 48.0}, "long": {"core_ms": 135.0}},
            "screened": {**screened, "core_ms": {"exact": 20.0, "screened": 12.0}},
        },
    )
    text = write_page(kept, tmp_path / "page.md", beside=beside).read_text(encoding="utf-8")
    for said in ("RecTools' SASRec on ml-1m", "7 epochs", "| 4 of 4 | 1 of 4 | 2 of 4 |", "48 ms", "90%"):
        assert said in text
    shown = re.findall(r"\(images/(.+?)\)", text)
    assert sorted(shown) == sorted(path.name for path in (tmp_path / "images").iterdir())
    assert len(shown) == 5 + 2  # a run of the older form has intervals alone
