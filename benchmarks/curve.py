"""Quality against training seconds on ML-1M (leave-last-out, the time of the target unknown).

    python benchmarks/curve.py                       # an hour or two of RecTools, then Regard
    python benchmarks/curve.py --systems regard --budgets 3 6 12

Both train on everything but each user's last event and are asked for that event. RecTools keeps its rate, so
each of its epochs is a result: one run gives the whole curve. Regard's schedule is laid out for a number of
epochs, so each point is a run of its own that ends there; its network speaks alone, without what is weighed
beside it. Neither looks at validation, and seconds are those of training alone, on a machine that does
nothing else; with one thread (``OMP_NUM_THREADS=1``) they are those of the processor, so that it may do
other things. Points are kept as they come, and only those with equal numbers of threads are compared.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from rich.console import Console

from benchmarks.common import KEEP_MEMORY, BenchError, Target, fresh, keep, read
from benchmarks.peers.venvs import python_of
from benchmarks.quality import keep_best_epoch
from benchmarks.systems import scratch
from benchmarks.tasks import Task
from benchmarks.training_speed import OWN, PEER, RECTOOLS

K = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="ml-1m")
    parser.add_argument("--systems", nargs="+", default=["regard", "rectools"])
    parser.add_argument("--budgets", nargs="+", type=int, default=[3, 6, 12, 24], help="epochs of Regard")
    parser.add_argument("--max-seconds", type=float, default=5400, help="of RecTools")
    parser.add_argument("--settings", type=json.loads, default={}, help="changes to Regard's recipe, as JSON")
    parser.add_argument("--again", action="store_true", help="make points again that are there")
    arguments = parser.parse_args()
    task = Task(arguments.data, "leave-last-out")
    job = {**task.write(), "data": task.data, "split": task.split, "seed": 0, "k": K}
    console = Console(highlight=False, soft_wrap=True)
    if "regard" in arguments.systems:
        for epochs in arguments.budgets:
            if arguments.again or not _has("regard", epochs):
                _own(task, {**job, "settings": arguments.settings, "epochs": epochs}, console)
    if "rectools" in arguments.systems and (arguments.again or not _has("rectools", 1)):
        _peer(task, {**job, "settings": PEER, "max_seconds": arguments.max_seconds}, console)
    for target in targets(_kept()):
        console.print(str(target))


def _own(task: Task, job: dict[str, Any], console: Console) -> None:
    job["lists"] = str(scratch(f"curve-regard-{job['epochs']}"))
    try:
        done = fresh(OWN, "curve", job, variables=KEEP_MEMORY)
    except BenchError as error:
        console.print(f"regard, {job['epochs']} epochs: failed\n{error}", markup=False)
        return
    value = _ndcg(task, Path(job["lists"]))
    _keep("regard", job["epochs"], done.value["seconds"], value)
    console.print(f"regard, {job['epochs']} epochs: {done.value['seconds']:.0f} s, NDCG@10 {value:.4f}")


def _peer(task: Task, job: dict[str, Any], console: Console) -> None:
    """Let RecTools train until time is up; also after an interruption keep the epochs that it finished."""
    base = scratch("curve-rectools").with_suffix("")
    for old in base.parent.glob(f"{base.name}-*.npz"):
        old.unlink()
    try:
        asked = {**job, "lists": str(base), "max_epochs": 200}
        fresh(RECTOOLS, "curve", asked, python=python_of("rectools"), variables=KEEP_MEMORY)
    except BenchError as error:
        console.print(f"rectools: failed\n{error}", markup=False)
    finally:
        _judge_epochs(task, base, console)


def _judge_epochs(task: Task, base: Path, console: Console) -> None:
    """Keep each epoch of RecTools as a point of the curve, and the best of them as its quality."""
    lists = {int(path.stem.rpartition("-")[2]): path for path in base.parent.glob(f"{base.name}-*.npz")}
    seconds = {}
    for number, path in sorted(lists.items()):
        with np.load(path, allow_pickle=False) as file:
            seconds[number] = float(file["seconds"])
        value = _ndcg(task, path)
        _keep("rectools", number, seconds[number], value)
        console.print(f"rectools, {number} epochs: {seconds[number]:.0f} s, NDCG@10 {value:.4f}")
    if lists:
        keep_best_epoch(task, "rectools (ours), epoch chosen on the test", lists, seconds)


def targets(kept: dict[str, Any]) -> list[Target]:
    """Return the targets that the points decide; none while points are missing."""
    own = [point for point in kept["points"] if point["system"] == "regard"]
    peer = [point for point in kept["points"] if point["system"] == "rectools"]
    found = []
    within = [point["ndcg"] for point in own if point["seconds"] <= 720 and point["threads"] <= 2]
    if within:
        found.append(
            Target(
                name="ml-1m leave-last-out: NDCG@10 within 12 minutes of training",
                value=max(within),
                goal=0.180,
            )
        )
    if own and peer:
        best = max(peer, key=lambda point: point["ndcg"])
        level = [
            point["seconds"]
            for point in own
            if point["ndcg"] >= best["ndcg"] and point["threads"] == best["threads"]
        ]
        if level:
            share = min(level) / best["seconds"]
            name = "ml-1m: training time to RecTools' best NDCG@10, regard / RecTools"
            found.append(Target(name=name, value=share, goal=0.2, unit="x", lower_is_better=True))
    return found


def _ndcg(task: Task, path: Path) -> float:
    with np.load(path, allow_pickle=False) as file:
        return task.judge(file["lists"], name="curve").main.value


def _kept() -> dict[str, Any]:
    return read("curve") or {"points": []}


def _has(system: str, epochs: int) -> bool:
    name = (system, epochs, torch.get_num_threads())
    return any((point["system"], point["epochs"], point["threads"]) == name for point in _kept()["points"])


def _keep(system: str, epochs: int, seconds: float, ndcg: float) -> None:
    """Add a point; it replaces the same of an earlier run."""
    threads = torch.get_num_threads()
    point = {"system": system, "epochs": epochs, "threads": threads, "seconds": seconds, "ndcg": ndcg}
    name = (system, epochs, threads)
    points = [one for one in _kept()["points"] if (one["system"], one["epochs"], one["threads"]) != name]
    points = sorted([*points, point], key=lambda one: (one["system"], one["threads"], one["epochs"]))
    keep("curve", {"points": points, "targets": [one.to_json() for one in targets({"points": points})]})


if __name__ == "__main__":
    main()
