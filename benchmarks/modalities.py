"""What attributes, texts and pictures are worth beside ids: one line for each, three seeds, paired with ids.

    python benchmarks/modalities.py                                  # everything: hours
    python benchmarks/modalities.py --data amazon-2014-beauty --arms ids "ids + attributes" --seeds 0

The default recipe is trained on the same log with other columns of the same table of items; the whole catalogue
is ranked and seen items are left out, on the path that serves. Every run is kept in
``benchmarks/results/modalities.json`` as soon as it is there. Settings were chosen on validation, never here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.console import Console

from benchmarks.common import WORKSPACE, measure_once
from benchmarks.described import ROLES
from benchmarks.ranks import pack
from benchmarks.tasks import NOT_BY_TIME

ARMS: dict[str, dict[str, Any]] = {
    "ids": {"roles": []},
    "ids + attributes": {"roles": ["attribute"]},
    "ids + words": {"roles": ["text"]},
    "ids + text": {"roles": ["text"], "content": True},
    "ids + images": {"roles": ["image"], "content": True},
    "ids + all": {"roles": ["attribute", "text", "image"], "content": True},
    "ids + all, summed": {"roles": ["attribute", "text", "image"], "content": True, "fusion": "sum"},
    "ids + all, gated": {"roles": ["attribute", "text", "image"], "content": True, "fusion": "gate"},
    "all without ids": {"roles": ["attribute", "text", "image"], "content": True, "ids": False},
}
METRICS = ("ndcg@10", "recall@10", "ndcg@20", "recall@20", "mrr@10")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", nargs="+", default=list(ROLES), choices=list(ROLES))
    parser.add_argument("--splits", nargs="+", default=["time", "leave-last-out"])
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--settings", type=json.loads, default={}, help="changes to the recipe, as JSON")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--again", action="store_true", help="make runs again that are there")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    for data in arguments.data:
        for split in arguments.splits:
            if data in NOT_BY_TIME and split.startswith("time"):
                continue
            for seed in arguments.seeds:
                for arm in arguments.arms:
                    if set(ARMS[arm]["roles"]) & set(ROLES[data].values()) or not ARMS[arm]["roles"]:
                        _measure(data, split, arm, seed, arguments, console)


def _measure(
    data: str, split: str, arm: str, seed: int, arguments: argparse.Namespace, console: Console
) -> None:
    job = {"data": data, "split": split, "arm": arm, "seed": seed, "settings": arguments.settings}
    job["threads"] = arguments.threads
    key = json.dumps({name: job[name] for name in ("data", "split", "arm", "seed", "settings")})
    again, say = arguments.again, partial(console.print, markup=False)
    run = measure_once("modalities", key, job, script=__file__, again=again, say=say)
    if run is None:
        return
    console.print(f"{data} {split} {arm} seed {seed}: NDCG@10 {run['metrics']['ndcg@10']:.4f}")


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train one arm and ask it; in a process of its own."""
    import torch

    from benchmarks.described import described_dataset, picture_folder
    from regard.api import Run, fit_dataset
    from regard.config import RunOptions
    from regard.data.media import Media
    from regard.data.split import hold_out
    from regard.evaluation.protocol import evaluate

    if job["threads"] is not None:
        torch.set_num_threads(job["threads"])
    dataset = described_dataset(job["data"])
    began, worked = time.perf_counter(), time.process_time()
    model = fit_dataset(
        dataset,
        split=job["split"],
        settings=settings_of(job["data"], ARMS[job["arm"]]) | job["settings"],
        run=Run(options=RunOptions(seed=job["seed"]), media=Media(folder=picture_folder())),
    )
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    queries = hold_out(model.dataset, model.split).queries
    found = evaluate(model.recommender, queries, train=model.train, name=job["arm"])
    reciprocal = found.per_user["mrr@20"].to_numpy()
    validation = [epoch["validation"] for epoch in model.training if epoch.get("validation") is not None]
    return {
        "metrics": {name: found.metric(name).value for name in METRICS},
        "ranks": pack(np.where(reciprocal > 0, np.rint(1 / np.maximum(reciprocal, 1e-9)), 0)),
        "queries": len(queries),
        "cold_targets": int((model.train.item_counts[queries.target] == 0).sum()),
        "seconds": seconds,
        "processor_seconds": processor,
        "epochs": len(model.training),
        "validation": max(validation, default=None),
        "blend": model.blend.weights.to_json(),
        "fields": {field.name: field.kind for field in model.items.coders.fields},
    }


def settings_of(data: str, arm: dict[str, Any]) -> dict[str, Any]:
    """Return the settings with which only the columns of an arm are read."""
    roles = ROLES[data]
    left_out = {name: "ignore" for name, role in roles.items() if role not in arm["roles"]}
    settings: dict[str, Any] = {"attributes": bool(arm["roles"])}
    if left_out and arm["roles"]:
        settings["fields"] = {"items": left_out}
    if arm.get("content"):
        from regard.content.config import ContentConfig

        settings["content"] = ContentConfig(cache=WORKSPACE / "content").to_json()
    for name in ("fusion", "ids"):
        if name in arm:
            settings[name] = arm[name]
    return settings


if __name__ == "__main__":
    main()
