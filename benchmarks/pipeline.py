"""Two stages against retrieval alone: NDCG@10, recall at the hand-over, coverage; logs split by time.

    python benchmarks/pipeline.py                                       # both logs, three seeds: hours
    python benchmarks/pipeline.py --data ml-100k --seeds 0 --settings '{"train.epochs": 2}'

The retrieval model of a run is the same object in both lines: the default recipe on ids, fitted to the training
part. The ranker learns from the same training part (`regard.train.mining`); its weight is chosen on
validation, so that a line may be level with retrieval. *One core* is the processor time that a list of ten takes,
measured for 100 users one by one. Runs are kept one by one in ``benchmarks/results/pipeline.json``; a run goes on
where it was left.
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

from benchmarks.common import measure_once
from benchmarks.ranks import pack

DATA = ("ml-1m", "online-retail")
NAME = "pipeline"
_ASKED = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", nargs="+", default=list(DATA))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--settings", type=json.loads, default={}, help="changes to the recipe, as JSON")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--name", default=NAME, help="of the result; another one for what shall not be shown")
    parser.add_argument("--again", action="store_true", help="make runs again that are there")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    for data in arguments.data:
        for seed in arguments.seeds:
            job = {"data": data, "seed": seed, "settings": arguments.settings, "threads": arguments.threads}
            key = json.dumps({name: job[name] for name in ("data", "seed", "settings")})
            say = partial(console.print, markup=False)
            made = measure_once(arguments.name, key, job, script=__file__, again=arguments.again, say=say)
            for sentence in [] if made is None else made["sentences"]:
                console.print(f"{data} seed {seed}: {sentence}", markup=False)


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Fit both stages and ask them what was held out; in a process of its own."""
    import torch

    from benchmarks.tasks import dataset_of
    from regard.api import Run, fit_dataset
    from regard.config import RunOptions
    from regard.pipeline import Pipeline
    from regard.two_stage import add_second_stage

    if job["threads"] is not None:
        torch.set_num_threads(job["threads"])
    began, worked = time.perf_counter(), time.process_time()
    settings = {"attributes": False, **job["settings"]}
    first = {name: value for name, value in settings.items() if not name.startswith("second.")}
    second = {name: value for name, value in settings.items() if name.startswith("second.")}
    run_with = Run(options=RunOptions(seed=job["seed"]))
    model = fit_dataset(dataset_of(job["data"]), settings=first, split="time", run=run_with)
    retrieval_seconds = time.process_time() - worked
    pipeline = add_second_stage(model, _second(model, second))
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    assert isinstance(pipeline, Pipeline)
    stages = pipeline.evaluate_stages()
    document = stages.to_json()
    return {
        **{name: document[name] for name in ("handed_over", "by_source", "only_by_source", "candidates")},
        **{name: document[name] for name in ("change", "p_value", "diversity")},
        "systems": {
            name: {
                "ndcg": one.main.value,
                "ndcg_low": one.main.low,
                "ndcg_high": one.main.high,
                "recall": one.metric("recall@10").value,
                "coverage": one.beyond.coverage,
                "novelty": one.beyond.novelty,
                "ranks": pack(_ranks(one.per_user["mrr@20"].to_numpy())),
            }
            for name, one in (("two-stage", stages.pipeline), ("retrieval alone", stages.retrieval))
        },
        "queries": stages.pipeline.num_users,
        "weight": pipeline.second.weight,
        "validation": {name: pipeline.record[name] for name in ("ndcg", "recall", "examples")},
        "ms_per_list": _milliseconds(pipeline),
        "ms_per_list_retrieval": _milliseconds(pipeline.retrieval),
        "sentences": stages.sentences(),
        "seconds": seconds,
        "processor_seconds": processor,
        "retrieval_processor_seconds": retrieval_seconds,
    }


def _second(model: Any, settings: dict[str, Any]) -> Any:
    """Return the settings of the second stage."""
    from regard.recipes.book import with_settings
    from regard.recipes.two_stage import two_stage

    return with_settings(two_stage(model.train), settings).second


def _ranks(reciprocal_U: np.ndarray) -> np.ndarray:
    return np.where(reciprocal_U > 0, np.rint(1 / np.maximum(reciprocal_U, 1e-9)), 0)


def _milliseconds(model: Any) -> float:
    """Return the processor time of a list for one user at a time."""
    histories = model.queries.histories if hasattr(model, "queries") else _queries(model)
    rows = [histories.take(np.array([row])) for row in range(min(_ASKED, len(histories)))]
    model.recommender.rank(rows[0], k=10)
    began = time.process_time()
    for row in rows:
        model.recommender.rank(row, k=10)
    return 1000 * (time.process_time() - began) / len(rows)


def _queries(model: Any) -> Any:
    from regard.data.split import hold_out

    return hold_out(model.dataset, model.split).queries.histories


if __name__ == "__main__":
    main()
