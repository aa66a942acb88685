"""Are explanations true? Every method on ML-1M and Beauty, beside attention and a random order.

    python benchmarks/explanations.py            # hours of one core: three models a data set, 500 users each
    python benchmarks/explanations.py --quick    # the synthetic world, a minute

The shipped recipe is fitted (or read from ``.bench/models/explanations``), the first item of each user of the
test is explained by every method, and events are removed in the order that it gives: see
`regard.explain.faithfulness`. Histories are cut to the latest events, since the greedy deletion that others
are measured by takes time with their square. Each run is kept by itself, so that calling again goes on;
``docs/explanations.md`` is written from what is kept.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import polars as pl
import torch
from rich.console import Console

from benchmarks.common import WORKSPACE, environment, keep, read
from benchmarks.explanations_page import Beside, targets, write_page
from benchmarks.tasks import Task
from regard.api import Run, fit, fit_dataset, load
from regard.config import RunOptions
from regard.data.histories import Histories
from regard.data.sources.synthetic import SyntheticWorld, WorldConfig
from regard.data.split import hold_out
from regard.errors import RegardError
from regard.explain.curves import BETTER
from regard.explain.faithfulness import FaithfulnessConfig, measure_explanations
from regard.explain.methods.book import METHODS
from regard.manifest import is_artifact
from regard.model import Model
from regard.recommend.recommender import Recommender

TASKS = {"ml-1m": "time", "amazon-2014-beauty": "leave-last-out"}
NAME, LONGEST = "explanations", 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the synthetic world, 60 users, one seed")
    parser.add_argument("--data", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--recipe", default="quality", help="shown with the data where it is not quality")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(highlight=False, soft_wrap=True)
    name = f"{NAME}_quick" if arguments.quick else NAME
    kept = {} if arguments.quick else (read(name) or {})
    runs: list[dict[str, Any]] = list(kept.get("runs", []))
    asked = (
        [("synthetic", 0)] if arguments.quick else [(d, s) for d in arguments.data for s in arguments.seeds]
    )
    users = 60 if arguments.quick else arguments.users
    for data, seed in asked:
        name_of_run = _named(data, arguments.recipe)
        if any((run["data"], run["seed"], run["asked_users"]) == (name_of_run, seed, users) for run in runs):
            console.print(f"{name_of_run}, seed {seed}: is kept")
            continue
        runs.append(one_run(data, seed, recipe=arguments.recipe, users=users, console=console))
        keep(name, {"longest": LONGEST, "runs": runs})
    for target in targets({"runs": runs}):
        console.print(str(target))
    if not arguments.quick:
        console.print(f"written: {write_page({'longest': LONGEST, 'runs': runs}, beside=Beside.kept())}")


def one_run(data: str, seed: int, *, recipe: str, users: int, console: Console) -> dict[str, Any]:
    """Fit one model, or read it, and measure its explanations."""
    console.print(f"[bold]{_named(data, recipe)}, seed {seed}[/bold]")
    model, began = _model(data, seed, recipe), time.perf_counter()
    histories = hold_out(model.dataset, model.split).queries.histories
    return {
        "data": _named(data, recipe),
        "split": str(model.split.kind),
        "seed": seed,
        "asked_users": users,
        "weights": model.blend.weights.to_json(),
        **measured(model.recommender, histories, users=users, console=console),
        "seconds": time.perf_counter() - began,
        "environment": environment(),
    }


def measured(
    recommender: Recommender, histories: Histories, *, users: int, console: Console
) -> dict[str, Any]:
    """Measure every method that fits; return the report, and the measures user by user."""
    config = FaithfulnessConfig(
        users=users, longest=LONGEST, methods=tuple(method.name for method in METHODS), stability_users=100
    )
    report = measure_explanations(
        recommender,
        histories,
        config,
        progress=lambda done, total: console.print(f"{done} of {total}") if done % 50 == 0 else None,
    )
    for table in report.tables():
        console.print(table)
    per_user = {
        method.name: {
            measure: report.per_user.filter(pl.col("method") == method.name)[measure].round(4).to_list()
            for measure in BETTER
        }
        for method in report.methods
    }
    return {"report": report.to_json(), "per_user": per_user}


def _named(data: str, recipe: str) -> str:
    return data if recipe == "quality" else f"{data}, recipe {recipe}"


def _model(data: str, seed: int, recipe: str) -> Model:
    folder = WORKSPACE / "models" / NAME / f"{data}-{recipe}-{seed}"
    if is_artifact(folder):
        try:
            found = load(folder)
        except RegardError:  # an older form: fit again
            found = None
        if isinstance(found, Model):
            return found
    run = Run(options=RunOptions(seed=seed))
    if data == "synthetic":
        world = SyntheticWorld.make(WorldConfig(users=900, pairs=6), seed=seed)
        settings = {"width": 64, "max_length": 30, "window": 30, "batch_events": 512, "epochs": 12}
        return fit(
            world.events,
            items=world.items,
            recipe="sequential-tiny",
            settings=settings,
            split="leave-last-out",
            run=run,
        )
    model = fit_dataset(
        Task(data, TASKS[data], described=True).dataset, recipe=recipe, split=TASKS[data], run=run
    )
    assert isinstance(model, Model)
    model.save(folder)
    return model


if __name__ == "__main__":
    main()
