"""What a warm start costs and is worth: the same new events learned of by going on, by starting anew, or not at all.

    python benchmarks/warm_start.py                                   # ML-100K and Online Retail: two hours of a core
    python benchmarks/warm_start.py --data ml-100k --seeds 0

The log is cut by time. A model learns from the earliest four fifths of what comes before the test; the rest of it
are the new events. Then a warm start goes on from that model with the whole log before the test, and a second
model is fitted to it from nothing, by the same recipe. The test is the latest tenth, asked once; histories hold
all that came before it for all three, so that the old model reads new events too, without having learned from
them. Costs are processor seconds of the process. Runs are kept one by one in ``benchmarks/results/warm_start.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.console import Console

from benchmarks.common import measure_once
from benchmarks.ranks import pack

_DATA = ("ml-100k", "online-retail")
_EARLY = 0.8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", nargs="+", default=list(_DATA))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--recipe", default="sequential")
    parser.add_argument("--again", action="store_true", help="make runs again that are there")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    for data in arguments.data:
        for seed in arguments.seeds:
            job = {"data": data, "seed": seed, "recipe": arguments.recipe}
            say = partial(console.print, markup=False)
            made = measure_once(
                "warm_start", json.dumps(job), job, script=__file__, again=arguments.again, say=say
            )
            for name, of in {} if made is None else made["models"].items():
                console.print(f"{data} seed {seed}: {name} NDCG@10 {of['ndcg@10']:.4f}, {of['cost']:.0f} s")


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Fit the old model, go on from it, and fit anew; in a process of its own."""
    import torch

    from benchmarks.tasks import dataset_of
    from regard.api import Run, fit_dataset
    from regard.config import RunOptions
    from regard.data.split import SplitSpec, hold_out

    torch.set_num_threads(1)
    dataset, spec, nothing = dataset_of(job["data"]), SplitSpec(), SplitSpec(kind="none")
    train, options = hold_out(dataset, spec).train, RunOptions(seed=job["seed"])
    histories = train.histories
    times = histories.time[histories.events()]
    early = train.part(histories.kept(times < np.quantile(times, _EARLY)))
    began = time.process_time()
    old = fit_dataset(early, recipe=job["recipe"], split=nothing, run=Run(options=options))
    first = time.process_time()
    warm = fit_dataset(dataset, split=spec, run=Run(options=options, warm_start=old))
    second = time.process_time()
    anew = fit_dataset(dataset, recipe=job["recipe"], split=spec, run=Run(options=options))
    third = time.process_time()
    stale = replace(old, dataset=dataset, train=train, split=spec)
    made = {"old": (stale, first - began), "gone on": (warm, second - first), "anew": (anew, third - second)}
    models = {}
    for name, (model, cost) in made.items():
        found = model.evaluate(baselines=False).evaluations[0]
        reciprocal_U = found.per_user["mrr@20"].to_numpy()
        ranks = np.where(reciprocal_U > 0, np.rint(1 / np.maximum(reciprocal_U, 1e-9)), 0)
        models[name] = {"ndcg@10": found.main.value, "cost": cost, "ranks": pack(ranks)}
    return {
        "events": {"old": early.num_events, "all": train.num_events},
        "queries": len(hold_out(dataset, spec).queries),
        "models": models,
    }


if __name__ == "__main__":
    main()
