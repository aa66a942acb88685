"""Runs of ids alone that `quality.py` has made already, for the comparison of `modalities.py`.

The default recipe on the same log without a table of items is the same run in both, so it is not made twice.
What it cost is left out: there, it may have had other threads, and another commit, which the page names.
"""

from __future__ import annotations

from typing import Any

from benchmarks.common import read

__all__ = ["with_ids"]


def with_ids(kept: dict[str, Any]) -> dict[str, Any]:
    """Return the runs with those of ids alone that are missing and that `quality.py` kept."""
    runs = list(kept["runs"])
    there = {(run["data"], run["split"], run["seed"]) for run in runs if run["arm"] == "ids"}
    like = {(run["data"], run["split"]): run for run in runs}
    for run in (read("quality") or {"runs": []})["runs"]:
        task, name = (run["data"], run["split"]), (run["data"], run["split"], run["seed"])
        if run["system"] != "regard" or run["settings"] or task not in like or name in there:
            continue
        counted = {key: like[task][key] for key in ("queries", "cold_targets")}
        shared = {key: run[key] for key in ("data", "split", "seed", "metrics", "ranks", "environment")}
        epochs = len(run["details"]["history"])
        threads = run["environment"].get("threads")
        runs.append({**counted, **shared, "arm": "ids", "settings": {}, "epochs": epochs, "threads": threads})
    return {**kept, "runs": runs}
