"""Are counterfactuals true of a model that never learned from the events? Trains 2 N + 2 models.

    python benchmarks/retraining.py                                            # ML-1M, 5 users: hours
    python benchmarks/retraining.py --data ml-100k --recipe fast --settings '{"epochs": 4}'   # minutes

For the first items of N users whose counterfactual set `regard.explain.counterfactual.beam` finds, the same
recipe is fitted again with the same seed without the events of the set, and without as many events drawn at
random; and once with everything and another seed. See `regard.explain.retraining`. A split by time is cut
at the same quantile of what is left, so that a few of its events may change sides.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from rich.console import Console

from benchmarks.common import environment, keep, read
from benchmarks.explanations import LONGEST, NAME, TASKS
from benchmarks.tasks import Task
from regard.api import Run, fit_dataset
from regard.config import RunOptions
from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.split import hold_out
from regard.explain.faithfulness import FaithfulnessConfig, questions_of
from regard.explain.retraining import check_by_retraining, forgetting
from regard.model import Model
from regard.recommend.recommender import Recommender

RETRAINED = f"{NAME}_retraining"
SPLITS = {**TASKS, "ml-100k": "time"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", nargs="+", default=["ml-1m"], choices=list(SPLITS))
    parser.add_argument("--users", type=int, default=5)
    parser.add_argument("--k", type=int, default=1, help="length of the list that items are driven out of")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recipe", default="sequential")
    parser.add_argument("--settings", type=json.loads, default={}, help="changes to the recipe, as JSON")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(highlight=False, soft_wrap=True)
    for data in asked.data:
        run = one_run(data, asked, console)
        kept = (read(RETRAINED) or {"runs": []})["runs"]
        same = ("data", "recipe", "settings", "k", "seed")
        keep(RETRAINED, {"runs": [*(old for old in kept if any(old[n] != run[n] for n in same)), run]})


def one_run(data: str, asked: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Fit a model, look for counterfactuals, fit again without them."""
    began = time.perf_counter()
    dataset = Task(data, SPLITS[data], described=True).dataset

    def fitted(log: Dataset, seed: int) -> Model:
        run = Run(options=RunOptions(seed=seed))
        made = fit_dataset(log, recipe=asked.recipe, settings=asked.settings, split=SPLITS[data], run=run)
        console.print(f"{data}: trained after {time.perf_counter() - began:.0f} s")
        return made

    def refit(removed: Histories | None, more: int) -> Recommender:
        histories = dataset.histories
        kept = histories if removed is None else forgetting(histories, removed)
        return fitted(dataset.part(kept), asked.seed + more).recommender

    model = fitted(dataset, asked.seed)
    queries = hold_out(dataset, model.split).queries
    config = FaithfulnessConfig(users=asked.users, longest=LONGEST, k=asked.k, seed=asked.seed)
    questions = questions_of(model.recommender, queries.histories, config)
    found = check_by_retraining(questions, refit, seed=asked.seed)
    console.print(str(found))
    return {
        **{"data": data, "recipe": asked.recipe, "settings": asked.settings, "seed": asked.seed},
        **found.to_json(),
        "seconds": time.perf_counter() - began,
        "environment": environment(),
    }


if __name__ == "__main__":
    main()
