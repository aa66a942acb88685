"""Are explanations of a peer true? RecTools' SASRec, trained in its own environment, through our evaluator.

    python benchmarks/explanations_peer.py                                  # ML-1M and Beauty, 500 users each: hours
    python benchmarks/explanations_peer.py --data ml-100k --epochs 3 --users 40   # does it work? minutes

RecTools trains on the same log as ``explanations.py``, with the width, depth, length and dropout of Regard's
recipe, as many epochs as are best on the same validation. Its weights are read into a network of our own
(`benchmarks.rectools_network`), whose scores for 100 histories must be those of RecTools' `recommend`, up to
`CLOSE`; otherwise nothing is measured. Then the first items of the same users are explained and measured as
our own are. Each run is kept by itself; ``docs/explanations.md`` is written anew if our own runs are there.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from rich.console import Console

from benchmarks.common import ROOT, WORKSPACE, BenchError, environment, fresh, keep, read
from benchmarks.explanations import LONGEST, NAME, TASKS, measured
from benchmarks.explanations_page import Beside, write_page
from benchmarks.peers.venvs import python_of
from benchmarks.quality import K
from benchmarks.rectools_network import Exported
from benchmarks.systems import system_of
from benchmarks.tasks import Task
from regard.data.packing import PackedBatch
from regard.models.scoring import EncoderScorer
from regard.recommend.recommender import Recommender

PEER = f"{NAME}_peer"
CHECKED = 100
CLOSE = 1e-4
"""Largest difference between a score of RecTools and ours, for scores whose size is about 10."""
SPLITS = {**TASKS, "ml-100k": "time"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", nargs="+", default=list(TASKS), choices=list(SPLITS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--epochs", type=int, help="train so long; by default as is best on validation")
    parser.add_argument("--max-seconds", type=float, default=5400, help="of the search for the epochs")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(highlight=False, soft_wrap=True)
    runs: list[dict[str, Any]] = list((read(PEER) or {}).get("runs", []))
    for data, seed in ((data, seed) for data in arguments.data for seed in arguments.seeds):
        asked = {"data": data, "seed": seed, "asked_users": arguments.users, "asked_epochs": arguments.epochs}
        if any(asked.items() <= run.items() for run in runs):
            console.print(f"{data}, seed {seed}: is kept")
            continue
        console.print(f"[bold]RecTools' SASRec, {data}, seed {seed}[/bold]")
        found = one_run(Task(data, SPLITS[data]), asked, max_seconds=arguments.max_seconds, console=console)
        runs.append({**asked, **found})
        keep(PEER, {"longest": LONGEST, "runs": runs})
    own = read(NAME)
    if own is not None:
        console.print(f"written: {write_page(own, beside=Beside.kept())}")


def one_run(task: Task, asked: dict[str, Any], *, max_seconds: float, console: Console) -> dict[str, Any]:
    """Train RecTools' model, or read its weights, hold ours to it, and measure its explanations."""
    began = time.perf_counter()
    system = system_of("rectools (ours)", task, settings={}, max_seconds=max_seconds)
    path = WORKSPACE / "models" / NAME / f"rectools-{task.key}-{asked['seed']}-{asked['asked_epochs']}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        job = {**task.write(), **system.job, "seed": asked["seed"], "epochs": asked["asked_epochs"]}
        job |= {"weights": str(path), "checked": CHECKED, "k": K}
        script = ROOT / "benchmarks" / "peers" / "rectools_sasrec.py"
        fresh(script, "export", job, python=python_of("rectools"))
    exported = Exported.read(path)
    recommender = recommender_of(exported, task, heads=system.job["settings"]["n_heads"])
    off = furthest(exported, recommender, task)
    console.print(f"scores of {CHECKED} histories are RecTools' own up to {off:.1e}")
    if not off <= CLOSE:
        raise BenchError(f"our network is not RecTools' any more: a score differs by {off:.2e}")
    ndcg = task.judge(exported.lists_UK, name="rectools").metric("ndcg@10").value
    return {
        "split": task.split,
        "settings": system.job["settings"],
        "epochs": exported.epochs,
        "parity": off,
        "ndcg@10": ndcg,
        **measured(recommender, task.held.queries.histories, users=asked["asked_users"], console=console),
        "seconds": time.perf_counter() - began,
        "environment": environment(),
    }


def recommender_of(exported: Exported, task: Task, *, heads: int) -> Recommender:
    """Return what recommends with RecTools' weights: only items that RecTools knows."""
    network = exported.network(len(task.dataset.items), heads=heads)
    known_V = np.zeros(len(task.dataset.items), dtype=np.bool_)
    known_V[exported.item_I] = True
    made = Recommender.of(
        EncoderScorer(network), known=task.dataset, train=task.held.train, max_history=network.longest
    )
    return replace(made, known_V=made.known_V & known_V)


@torch.inference_mode()
def furthest(exported: Exported, recommender: Recommender, task: Task) -> float:
    """Return the largest difference between a score of RecTools and ours, over the checked histories."""
    users, row_C = np.unique(exported.checked_user_C, return_inverse=True)
    read = recommender.read(task.held.queries.histories.take(users))
    scores_UV = recommender.scorer.score(
        recommender.scorer.query(PackedBatch.of(read)), 0, recommender.scorer.num_items
    )
    difference_C = scores_UV.numpy()[row_C, exported.checked_item_C] - exported.checked_score_C
    return float(np.abs(difference_C).max())


if __name__ == "__main__":
    main()
