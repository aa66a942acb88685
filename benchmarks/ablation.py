"""What is each lever of the recipe worth? On validation, one left out at a time. Writes ablation.json.

    python benchmarks/ablation.py --data ml-100k --split time

The test is cut off first and never looked at. Each row is the recipe with one choice undone, trained on the
earlier part of what is left and judged by NDCG@10 on the rest, over the same questions.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import environment, keep, read
from benchmarks.tasks import Task
from regard.config import RunOptions
from regard.data.split import SplitSpec
from regard.recipes.book import recipe_for
from regard.train.fitting import fit_model

LEVERS: dict[str, dict[str, Any]] = {
    "the recipe": {},
    "without the memories": {"blend.memory.kinds": []},
    "with EASE as the only memory": {"blend.memory.kinds": ["together"]},
    "without the trend": {"blend.trend": False},
    "without gaps of time": {"shape.gaps": False},
    "without averaged weights": {"train.average": 0.0},
    "items begin with length one": {"shape.item_scale": None},
    "the fast recipe": {"recipe": "fast"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="ml-100k", help="public name of a data set")
    parser.add_argument("--split", default="time")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    task = Task(data=arguments.data, split=arguments.split)
    console = Console(highlight=False, soft_wrap=True)
    rows = []
    for name, settings in LEVERS.items():
        rows.append(measure(task, name, settings, seeds=arguments.seeds))
        console.print(f"{task.key}: {name}: {rows[-1]['ndcg@10']} (model alone {rows[-1]['model_alone']})")
        document = read("ablation") or {"tasks": {}}
        document["tasks"][task.key] = {"seeds": arguments.seeds, "rows": rows}
        keep("ablation", {**document, "environment": environment()})


def measure(task: Task, name: str, settings: dict[str, Any], *, seeds: list[int]) -> dict[str, Any]:
    """Train with some settings changed; return what validation says, seed by seed."""
    changes = {name: value for name, value in settings.items() if name != "recipe"}
    recipe = settings.get("recipe", "sequential")
    config = recipe_for(recipe, task.held.train, settings={**changes, "refit": False})
    began, fitted = time.perf_counter(), []
    for seed in seeds:
        one = fit_model(
            task.held.train, config, split=SplitSpec.parse(task.split), options=RunOptions(seed=seed)
        )
        assert one.search is not None
        fitted.append(one)
    return {
        "name": name,
        "settings": settings,
        "ndcg@10": [round(one.validation or 0.0, 5) for one in fitted],
        "model_alone": [round(one.search.best or 0.0, 5) for one in fitted if one.search is not None],
        "blend": [one.blend.weights.to_json() for one in fitted],
        "seconds": round((time.perf_counter() - began) / len(seeds), 1),
    }


if __name__ == "__main__":
    main()
