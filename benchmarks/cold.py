"""Items that nobody has had yet: are they found? Attributes and text against content-KNN and popularity.

    python benchmarks/cold.py                                              # everything: hours
    python benchmarks/cold.py --data amazon-2014-beauty --seeds 0 --arms "attributes + words" --threads 1

Three ways in which items are cold (`PROTOCOLS`). The model never hears of a cold item in training: it learns on
a log that lacks these items, and they join it afterwards by `Model.add_items`, as a new item of a shop does.
Ids alone are not trained: an item without a history has no id that anything was learned of, so all its
figures are zero by construction. Popularity is zero as well, since no item without an event is ever on its list;
it is asked all the same. Runs are kept one by one in ``benchmarks/results/cold.json``; a run goes on where it was
left.

*Leave-last-out, latest 20 events* comes nearest to LIGER's cold items: training has the latest 20 of all but the
last two events of a user. How they cut is not known: of lengths 17 to 22 and 50 only 20, which their figures are
listed with, leaves the 43 and 56 items without an event that they report, and was taken for that. (Of the 56 items,
54 are asked for. Counting only those that are asked for, lengths 18 and 19 would give both numbers.)
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.console import Console

from benchmarks.common import measure_once, read
from benchmarks.described import described_dataset, picture_folder
from benchmarks.modalities import settings_of
from benchmarks.ranks import pack
from regard.api import recipe_for
from regard.config import RunOptions
from regard.data.cold import hold_out_items, only_cold, without_items
from regard.data.dataset import Dataset
from regard.data.media import Media
from regard.data.split import Queries, SplitSpec, hold_out
from regard.evaluation.cold import ColdEvaluation, RanksSome, evaluate_cold
from regard.evaluation.content_knn import ContentKNN
from regard.evaluation.popularity import Popularity
from regard.evaluation.protocol import Evaluation
from regard.model import Model
from regard.models.blend import Blend
from regard.recommend.recommender import Recommender
from regard.recommend.serving import recommender_of
from regard.train.describing import describe_items
from regard.train.fitting import fit_model

AMAZON = ("amazon-2014-beauty", "amazon-2014-toys")
PROTOCOLS: dict[str, tuple[str, ...]] = {
    "5 % of items held out": AMAZON,
    "items first seen after the cut": ("ml-100k", "ml-1m", "online-retail", "hackernews"),
    "leave-last-out, latest 20 events": AMAZON,
}
ARMS: dict[str, dict[str, Any]] = {
    "attributes + words": {"roles": ["attribute", "text"]},
    "attributes + text": {"roles": ["attribute", "text"], "content": True},
    "content-KNN, words": {"roles": ["attribute", "text"], "knn": True},
    "content-KNN, text": {"roles": ["attribute", "text"], "knn": True, "content": True},
    "popularity": {"roles": []},
}
METRICS = ("recall@10", "ndcg@10")
# Yang et al., "Unifying Generative and Dense Retrieval for Sequential Recommendation", 2024: recall@10 and items.
LIGER = {"amazon-2014-beauty": (0.1008, 43), "amazon-2014-toys": (0.1306, 56)}


@dataclass(frozen=True, kw_only=True)
class Cold:
    """A log, what may be learned of it, and questions for items that training has no event of."""

    dataset: Dataset
    train: Dataset
    queries: Queries
    cold_V: np.ndarray
    validate: SplitSpec


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    every = list(dict.fromkeys(name for names in PROTOCOLS.values() for name in names))
    parser.add_argument("--protocols", nargs="+", default=list(PROTOCOLS), choices=list(PROTOCOLS))
    parser.add_argument("--data", nargs="+", default=every, choices=every)
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--settings", type=json.loads, default={}, help="changes to the recipe, as JSON")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--again", action="store_true", help="make runs again that are there")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    for job in jobs(arguments):
        _measure(job, console, again=arguments.again)
    for line in beside_liger(read("cold") or {"runs": []}):
        console.print(line, markup=False)


def jobs(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield what is to be measured; what does not depend on a seed is measured once."""
    for protocol in arguments.protocols:
        for data in arguments.data:
            for seed in arguments.seeds if data in PROTOCOLS[protocol] else []:
                for arm in arguments.arms:
                    unlearned = arm == "popularity" or ARMS[arm].get("knn", False)
                    if unlearned and seed != arguments.seeds[0] and protocol != "5 % of items held out":
                        continue
                    job = {"protocol": protocol, "data": data, "arm": arm, "seed": seed}
                    yield {**job, "settings": arguments.settings, "threads": arguments.threads}


def _measure(job: dict[str, Any], console: Console, *, again: bool) -> None:
    key = json.dumps({name: job[name] for name in ("protocol", "data", "arm", "seed", "settings")})
    run = measure_once(
        "cold", key, job, script=__file__, again=again, say=partial(console.print, markup=False)
    )
    if run is None:
        return
    for name, found in run["found"].items():
        values = ", ".join(
            f"{metric} {found['among_all'][metric][0]:.4f} ({found['among_cold'][metric][0]:.4f} among cold)"
            for metric in METRICS
        )
        console.print(f"{job['data']}, {job['protocol']}, seed {job['seed']}, {name}: {values}", markup=False)


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Make the cold items, train one arm without them and ask it for them; in a process of its own."""
    import torch

    if job["threads"] is not None:
        torch.set_num_threads(job["threads"])
    cold = cold_of(job["protocol"], job["data"], seed=job["seed"])
    began, worked = time.perf_counter(), time.process_time()
    rankers = rankers_of(cold, job)
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    found = {
        name: _figures(evaluate_cold(ranker, cold.queries, train=cold.train, cold_V=cold.cold_V, name=name))
        for name, ranker in rankers.items()
    }
    return {
        "found": found,
        "queries": len(cold.queries),
        "cold_items": int(cold.cold_V.sum()),
        "targets": len(np.unique(cold.queries.target)),
        "items": len(cold.cold_V),
        "seconds": seconds,
        "processor_seconds": processor,
    }


def cold_of(protocol: str, data: str, *, seed: int) -> Cold:
    """Return a data set with its cold items by one of `PROTOCOLS`."""
    dataset, last = described_dataset(data), SplitSpec(kind="leave-last-out")
    if protocol == "5 % of items held out":
        held = hold_out_items(dataset, share=0.05, seed=seed)
        return Cold(
            dataset=dataset, train=held.train, queries=held.queries, cold_V=held.cold_V, validate=last
        )
    if protocol == "items first seen after the cut":
        spec = SplitSpec()
        split = hold_out(dataset, spec)
        train, queries = split.train, split.queries
    else:
        spec, outer = last, hold_out(dataset, last)
        inner = hold_out(outer.train, last).train
        train, queries = inner.part(inner.histories.latest(20)), outer.queries
    cold_V = train.item_counts == 0
    return Cold(
        dataset=dataset, train=train, queries=only_cold(queries, cold_V), cold_V=cold_V, validate=spec
    )


def rankers_of(cold: Cold, job: dict[str, Any]) -> dict[str, RanksSome]:
    """Return what an arm asks: of a model, what it serves and its network alone."""
    arm, known = ARMS[job["arm"]], without_items(cold.train, cold.cold_V)
    if job["arm"] == "popularity":
        scorer = Popularity.fit(cold.train)
        return {job["arm"]: Recommender.of(scorer, known=cold.train, train=cold.train)}
    config = recipe_for("sequential", known, settings=settings_of(job["data"], arm) | job["settings"])
    media = Media(folder=picture_folder(), config=config.content)
    if arm.get("knn"):
        columns = describe_items(cold.train, said=config.fields, media=media).columns
        knn = ContentKNN.fit(cold.train, columns, tune_on=hold_out(cold.train, cold.validate))
        return {
            job["arm"]: Recommender.of(knn, known=cold.train, train=cold.train, described_V=knn.described)
        }
    described, options = describe_items(known, said=config.fields, media=media), RunOptions(seed=job["seed"])
    # `fit_dataset` would hold a test out of the log; all of it may be learned from here.
    fitted = fit_model(known, config, split=cold.validate, options=options, columns=described.columns)
    learned = Model(
        network=fitted.model,
        blend=fitted.blend,
        dataset=known,
        train=known,
        split=SplitSpec(kind="none"),
        config=config,
        options=options,
        items=described,
    )
    grown = learned.add_items(cold.dataset.item_table.filter(cold.cold_V), media=media).model
    assert grown.dataset.items == cold.dataset.items
    alone = Blend.none(len(cold.cold_V))
    return {
        job["arm"]: grown.recommender,
        f"{job['arm']}, network alone": recommender_of(
            grown.network, known=grown.dataset, train=grown.train, blend=alone
        ),
    }


def beside_liger(kept: dict[str, Any]) -> list[str]:
    """Say what was published of cold items beside what was found here."""
    lines = []
    for data, (published, items) in LIGER.items():
        lines.append(f"{data}: LIGER, recall@10 of {items} cold items: {published:.4f} (published)")
        for run in kept["runs"]:
            if run["data"] == data:
                for name, found in run["found"].items():
                    lines.append(
                        f"  {found['among_all']['recall@10'][0]:.4f} {name}; {run['protocol']}, "
                        f"{run['cold_items']} cold items, {run['queries']} questions, seed {run['seed']}"
                    )
    return lines


def _figures(found: ColdEvaluation) -> dict[str, Any]:
    return {"among_all": _of(found.among_all), "among_cold": _of(found.among_cold)}


def _of(found: Evaluation) -> dict[str, Any]:
    reciprocal = found.per_user["mrr@20"].to_numpy()
    rank = np.where(reciprocal > 0, np.rint(1 / np.maximum(reciprocal, 1e-9)), 0)
    means = {name: found.metric(name) for name in METRICS}
    return {name: [mean.value, mean.low, mean.high] for name, mean in means.items()} | {"ranks": pack(rank)}


if __name__ == "__main__":
    main()
