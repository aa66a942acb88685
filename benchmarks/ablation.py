"""What is each lever of the recipe worth? On validation, one changed at a time. Writes ablation.json.

    python benchmarks/ablation.py --data ml-100k --split time
    python benchmarks/ablation.py --data ml-1m:10 --split leave-last-out    # every tenth user

The test is cut off first and never looked at. Each row is the recipe with one choice changed, trained on the
earlier part of what is left and judged by NDCG@10 on the rest, over the same questions; what is weighed beside
the network is weighed anew for the same trained network. From several logs `benchmarks/defaults_page.py` tells
whether the defaults would be the same without one of them. Rows are kept as they come, and not made again.
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
from regard.recipes.book import recipe_for, with_settings
from regard.train.blending import find_weights
from regard.train.examples import validation_of
from regard.train.fitting import FitConfig, fit_model

RECIPE = "the recipe"
# A network of its own for each.
LEVERS: dict[str, dict[str, Any]] = {
    RECIPE: {},
    "without gaps of time": {"shape.gaps": False},
    "without averaged weights": {"train.average": 0.0},
    "items begin with length one": {"shape.item_scale": None},
    "with a filter beside attention": {"shape.filter_share": 0.3},
    "learning rate 0.001": {"train.learning_rate": 1e-3},
    "dropout 0.2": {"shape.dropout": 0.2, "shape.embedding_dropout": 0.2},
    "dropout 0.4": {"shape.dropout": 0.4, "shape.embedding_dropout": 0.4},
    "the fast recipe": {"recipe": "fast"},
}
# Of the recipe's network.
BLENDS: dict[str, dict[str, Any]] = {
    "without the memories": {"blend.memory.kinds": []},
    "with EASE as the only memory": {"blend.memory.kinds": ["together"]},
    "without the trend": {"blend.trend": False},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--data", default="ml-100k", help="public name of a data set; NAME:N for every Nth user"
    )
    parser.add_argument("--split", default="time")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--again", action="store_true", help="make rows again that are there")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    task = Task(data=arguments.data, split=arguments.split)
    console = Console(highlight=False, soft_wrap=True)
    for name, settings in LEVERS.items():
        config = _config(task, settings)
        if name != RECIPE and config == _config(task, {}):
            continue  # what the recipe chooses for this log anyway
        if not arguments.again and _has(task, name, arguments.seeds):
            console.print(f"{task.key}: {name}: is there")
            continue
        for row in measure(task, name, settings, seeds=arguments.seeds):
            _keep(task, row, arguments.seeds)
            console.print(f"{task.key}: {row['name']}: {row['ndcg@10']} (model alone {row['model_alone']})")


def measure(task: Task, name: str, settings: dict[str, Any], *, seeds: list[int]) -> list[dict[str, Any]]:
    """Train with some settings changed; return what validation says, seed by seed, of the recipe for each blend."""
    config, split = _config(task, settings), SplitSpec.parse(task.split)
    began, fitted = time.process_time(), []
    for seed in seeds:
        one = fit_model(task.held.train, config, split=split, options=RunOptions(seed=seed))
        assert one.search is not None
        fitted.append(one)
    alone = [round(one.search.best or 0.0, 5) for one in fitted if one.search is not None]
    row = {
        "name": name,
        "settings": settings,
        "ndcg@10": [round(one.validation or 0.0, 5) for one in fitted],
        "model_alone": alone,
        "blend": [one.blend.weights.to_json() for one in fitted],
        "seconds": round((time.process_time() - began) / len(seeds), 1),
    }
    held = validation_of(task.held.train, split)
    if name != RECIPE or held is None:
        return [row]
    rows = [row]
    for blended, changes in BLENDS.items():
        other = with_settings(config, changes).blend
        found = [find_weights(one.model, held, task.held.train, other) for one in fitted]
        served = [round(one.value or 0.0, 5) for one in found]
        weights = [one.weights.to_json() for one in found]
        changed = {"name": blended, "settings": changes, "ndcg@10": served, "blend": weights}
        rows.append({**row, **changed})
    return rows


def _config(task: Task, settings: dict[str, Any]) -> FitConfig:
    changes = {name: value for name, value in settings.items() if name != "recipe"}
    recipe = settings.get("recipe", "sequential")
    config = recipe_for(recipe, task.held.train, settings={**changes, "refit": False})
    assert isinstance(config, FitConfig)
    return config


def _kept(task: Task) -> dict[str, Any]:
    found: dict[str, Any] = (read("ablation") or {"tasks": {}})["tasks"].get(task.key, {})
    return found


def _has(task: Task, name: str, seeds: list[int]) -> bool:
    kept = _kept(task)
    return kept.get("seeds") == seeds and any(row["name"] == name for row in kept["rows"])


def _keep(task: Task, row: dict[str, Any], seeds: list[int]) -> None:
    """Add a row in the order of the levers; those of other seeds go."""
    kept = _kept(task)
    others = kept["rows"] if kept.get("seeds") == seeds else []
    order = [*LEVERS, *BLENDS]
    rows = [other for other in others if other["name"] in order and other["name"] != row["name"]]
    rows = sorted([*rows, row], key=lambda one: order.index(one["name"]))
    document = read("ablation") or {"tasks": {}}
    document["tasks"][task.key] = {"seeds": seeds, "rows": rows}
    keep("ablation", {**document, "environment": environment()})


if __name__ == "__main__":
    main()
