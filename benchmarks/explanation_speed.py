"""How long does an explanation take, and what does an approximation cost? One core, histories of 200 events.

    python benchmarks/explanation_speed.py            # minutes

Time is that of leaving out each of 200 events for one item, in a network of SASRec's shape (width 64, two
blocks, 3,416 items) with an item memory of 64 neighbours: the short way (`regard.nn.without`, exact), the long
one (every shortened history is read), and screening by slopes. How often screening names the same events as
the exact method is counted on ML-100K, for the first items of users, with the recipe ``sequential`` at width
64 and few epochs. Core time is kept beside wall time, since it says more where other programs run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from rich.console import Console

from benchmarks.common import Target, busy, environment, keep
from benchmarks.tasks import Task
from regard.api import Run, fit_dataset
from regard.config import RunOptions
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.explain.faithfulness import FaithfulnessConfig, questions_of
from regard.explain.influence import leave_one_out, standing_of
from regard.explain.methods import removal
from regard.models.blend import Blend, BlendScorer, BlendWeights
from regard.models.causal import CausalConfig, CausalModel
from regard.models.memory import ItemMemory

NAME = "explanation_speed"
EVENTS, ITEMS, WIDTH, NEIGHBOURS = 200, 3_416, 64, 64
GOAL = 50.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=15)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(highlight=False, soft_wrap=True)
    if busy():
        console.print(busy())
    spent = speed(asked.repeats)
    console.print(str(spent))
    same = agreement(asked.users, asked.epochs)
    console.print(str(same))
    goal = Target(
        name=f"leaving out each of {EVENTS} events, one core",
        value=spent["short"]["wall_ms"],
        goal=GOAL,
        unit="ms",
        lower_is_better=True,
    )
    console.print(str(goal))
    keep(
        NAME,
        {"speed": spent, "screened": same, "targets": [goal.to_json()], "environment": environment()},
    )


def speed(repeats: int) -> dict[str, dict[str, float]]:
    """Return milliseconds, medians, by way."""
    scorer, history, known_V = _scorer(), _history(), np.ones(ITEMS, dtype=np.bool_)
    rows = Histories.of([np.delete(history.items_of(0), hole).tolist() for hole in range(EVENTS)])

    def long() -> None:
        with torch.inference_mode():
            query = scorer.query(PackedBatch.of(rows))
            standing_of(scorer, query, 7, known_V=known_V, users=EVENTS)

    def short() -> None:
        leave_one_out(scorer, history, 7, known_V=known_V)

    return {name: _timed(what, repeats) for name, what in {"short": short, "long": long}.items()}


def agreement(users: int, epochs: int) -> dict[str, Any]:
    """Count how often screening names the same first event, and the same first three, as the exact method."""
    model = fit_dataset(
        Task("ml-100k", "time", described=True).dataset,
        settings={"epochs": epochs, "shape.width": WIDTH},
        split="time",
        run=Run(options=RunOptions(seed=0)),
    )
    longer = model.dataset.histories.take(
        np.flatnonzero(model.dataset.histories.lengths > 2 * removal.SCREENED)
    )
    config = FaithfulnessConfig(users=users, longest=EVENTS, seed=0)
    questions = questions_of(model.recommender, longer, config)
    first, three, spent = [], [], {"exact": 0.0, "screened": 0.0}
    for question in questions:
        orders = {}
        for name, method in {"exact": removal.leave_one_out, "screened": removal.screened}.items():
            began = time.process_time()
            orders[name] = method(question).order()
            spent[name] += time.process_time() - began
        first.append(orders["exact"][0] == orders["screened"][0])
        three.append(len(np.intersect1d(orders["exact"][:3], orders["screened"][:3])) / 3)
    return {
        "users": len(questions),
        "events": float(np.mean([question.length for question in questions])),
        "same_first": float(np.mean(first)),
        "shared_of_first_three": float(np.mean(three)),
        "core_ms": {name: 1000 * seconds / len(questions) for name, seconds in spent.items()},
    }


def _timed(what: Callable[[], None], repeats: int) -> dict[str, float]:
    what()
    walls, cores = [], []
    for _ in range(repeats):
        wall, core = time.perf_counter(), time.process_time()
        what()
        walls.append(1000 * (time.perf_counter() - wall))
        cores.append(1000 * (time.process_time() - core))
    return {"wall_ms": float(np.median(walls)), "core_ms": float(np.median(cores)), "best_ms": min(walls)}


def _scorer() -> BlendScorer:
    torch.manual_seed(0)
    network = CausalModel(CausalConfig(width=WIDTH, max_length=EVENTS, gaps=True), num_items=ITEMS).eval()
    memory = ItemMemory(
        item_C=torch.arange(ITEMS),
        neighbour_CK=torch.randint(0, ITEMS, (ITEMS, NEIGHBOURS)),
        weight_CK=torch.randn(ITEMS, NEIGHBOURS),
    )
    weights = BlendWeights(memory=1.0, trend=0.1, decay=0.98)
    return BlendScorer(network, Blend(weights=weights, trend_V=torch.rand(ITEMS), memory=memory))


def _history() -> Histories:
    return Histories.of([np.random.default_rng(0).integers(0, ITEMS, EVENTS).tolist()])


if __name__ == "__main__":
    main()
