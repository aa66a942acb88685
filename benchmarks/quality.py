"""How good are the lists of Regard, of baselines and of peers, all asked the same? One run at a time.

    python benchmarks/quality.py --data ml-100k                         # everything, both splits
    python benchmarks/quality.py --data ml-1m --splits time --systems regard "rectools (ours)" --seeds 0

The whole catalogue is ranked, seen items are left out, lists are judged by Regard's evaluation, whoever made
them. Every run is kept in ``benchmarks/results/quality.json`` as soon as it is there, and is not made again
(``--again`` makes it again): a bench of hours can be interrupted. ``benchmarks/page.py`` writes the page.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.console import Console

from benchmarks.common import KEEP_MEMORY, BenchError, Fresh, environment, fresh, keep, read
from benchmarks.peers.venvs import python_of
from benchmarks.ranks import pack
from benchmarks.systems import NAMES, scratch, system_of
from benchmarks.tasks import NOT_BY_TIME, Task
from regard.data.split import SplitSpec

K = 20
METRICS = ("ndcg@5", "ndcg@10", "ndcg@20", "recall@10", "recall@20", "mrr@10")
DATA = ("ml-100k", "online-retail", "amazon-2014-beauty", "amazon-2014-toys", "hackernews", "ml-1m")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", nargs="+", default=list(DATA), help=f"of {', '.join(DATA)}")
    parser.add_argument("--splits", nargs="+", default=["time", "leave-last-out"])
    parser.add_argument("--systems", nargs="+", default=list(NAMES), choices=NAMES)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="of Regard")
    parser.add_argument("--peer-seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--max-seconds", type=float, default=5400, help="of a peer's search")
    parser.add_argument("--label", default="regard", help="what to call Regard with --settings")
    parser.add_argument(
        "--settings", type=json.loads, default={}, help='changes to its recipe: {"epochs": 5}'
    )
    parser.add_argument("--again", action="store_true", help="make runs again that are there")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    for data in arguments.data:
        for split in arguments.splits:
            if data in NOT_BY_TIME and split.startswith("time"):
                console.print(f"{data}: no split by time: {NOT_BY_TIME[data]}")
                continue
            _measure_task(Task(data, split), arguments, console)


def _measure_task(task: Task, arguments: argparse.Namespace, console: Console) -> None:
    files = task.write()
    for name in arguments.systems:
        system = system_of(name, task, settings=arguments.settings, max_seconds=arguments.max_seconds)
        label = arguments.label if name == "regard" else name
        own = name.startswith("regard")
        seeds = arguments.seeds if own else [0] if name == "baselines" else arguments.peer_seeds
        for seed in seeds:
            key = key_of(task, label, seed, system.job)
            if any(run["key"] == key for run in _kept()["runs"]) and not arguments.again:
                console.print(f"{key}: is there")
                continue
            job = {**files, **system.job, "data": task.data, "split": task.split, "seed": seed, "k": K}
            job |= {"items": len(task.dataset.items), "lists": str(scratch(key))}
            try:
                python = sys.executable if system.peer is None else python_of(system.peer)
                variables = None if own else KEEP_MEMORY  # peers search for as long as they improve: hours
                done = fresh(system.script, system.function, job, python=python, variables=variables)
            except BenchError as error:
                _keep(
                    task,
                    [{"key": key, "task": task.key, "system": label, "seed": seed, "failed": str(error)}],
                )
                console.print(f"{key}: failed\n{error}", markup=False)
                continue
            runs = _runs(task, key, label, seed, done, job)
            _keep(task, runs)
            for run in runs:
                console.print(
                    f"{task.key} {run['system']} seed {seed}: NDCG@10 {run['metrics']['ndcg@10']:.4f}"
                )


def key_of(task: Task, label: str, seed: int, job: dict[str, Any]) -> str:
    """Name a run: it is made again only if task, system, seed or settings are others."""
    digest = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:8]
    return f"{task.key}@{label.replace(' ', '-')}@{seed}@{digest}"


def _runs(
    task: Task, key: str, label: str, seed: int, done: Fresh, job: dict[str, Any]
) -> list[dict[str, Any]]:
    """Judge what a process wrote: one run, or one for each baseline."""
    shared = {"key": key, "task": task.key, "data": task.data, "split": task.split, "seed": seed}
    shared |= {"peak_gb": done.peak_gb, "environment": environment()}
    if label != "baselines":
        details = {"settings": job["settings"], "details": done.value, "seconds": done.seconds}
        return [{**shared, **details, **_judged(task, label, Path(job["lists"]))}]
    return [
        {**shared, "seconds": seconds, **_judged(task, name, Path(f"{job['lists']}-{number}.npz"))}
        for number, (name, seconds) in enumerate(done.value["seconds"].items())
    ]


def keep_best_epoch(task: Task, label: str, lists: dict[int, Path], seconds: dict[int, float]) -> None:
    """Keep the best of the epochs of one training, as the test itself tells: a favour to the system.

    Parameters
    ----------
    lists, seconds
        By number of the epoch: what it recommends, and how long training had taken.
    """
    judged = {epoch: _judged(task, label, path) for epoch, path in lists.items()}
    value = {epoch: one["metrics"]["ndcg@10"] for epoch, one in judged.items()}
    best = max(value, key=lambda epoch: value[epoch])
    history = [{"epoch": epoch, "seconds": seconds[epoch], "test": value[epoch]} for epoch in sorted(value)]
    shared = {
        "key": f"{task.key}@{label}",
        "task": task.key,
        "data": task.data,
        "split": task.split,
        "seed": 0,
    }
    details = {"details": {"history": history, "best_epoch": best}, "seconds": history[-1]["seconds"]}
    _keep(task, [{**shared, **details, "environment": environment(), **judged[best]}])


def _judged(task: Task, name: str, path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        evaluation = task.judge(file["lists"], name=name)
    reciprocal = evaluation.per_user[f"mrr@{K}"].to_numpy()
    return {
        "system": name,
        "metrics": {metric: evaluation.metric(metric).value for metric in METRICS},
        "coverage": evaluation.beyond.coverage,
        "ranks": pack(np.where(reciprocal > 0, np.rint(1 / np.maximum(reciprocal, 1e-9)), 0)),
    }


def _kept() -> dict[str, Any]:
    return read("quality") or {"runs": [], "tasks": {}}


def _keep(task: Task, runs: list[dict[str, Any]]) -> None:
    """Add runs; they replace those of the same key."""
    kept = _kept()
    keys = {run["key"] for run in runs}
    if task.key not in kept["tasks"]:
        kept["tasks"][task.key] = _counts(task)
    old = [run for run in kept["runs"] if run["key"] not in keys]
    keep("quality", {"runs": [*old, *runs], "tasks": kept["tasks"]})


def _counts(task: Task) -> dict[str, Any]:
    dataset, held = task.dataset, task.held
    return {
        "data": task.data,
        "split": str(SplitSpec.parse(task.split)),
        "users": len(dataset.users),
        "items": len(dataset.items),
        "events": dataset.num_events,
        "queries": len(held.queries),
        "unseen_targets": int((held.train.item_counts[held.queries.target] == 0).sum()),
    }


if __name__ == "__main__":
    main()
