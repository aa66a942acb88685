"""Regard's side of the comparisons: the same functions as a peer's adaptor, through Regard's public path.

Each is called in a process of its own (`benchmarks.common.fresh`) and reads the same files as the peers.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import polars as pl

from benchmarks.peers.exchange import Log, Questions, write_lists
from benchmarks.stopwatch import Stopwatch
from regard.api import Run, fit_dataset
from regard.config import RunOptions
from regard.data.dataset import Dataset
from regard.data.loader import LoaderConfig, WindowLoader
from regard.data.prepare import prepare
from regard.losses.choose import LossConfig, make_loss
from regard.models.registry import build
from regard.train.config import TrainConfig
from regard.train.trainer import Trainer

__all__ = [
    "baselines",
    "curve",
    "flop_per_event",
    "matrix_speed",
    "quality",
    "recommending",
    "save_model",
    "speed",
]


def speed(job: dict[str, Any]) -> dict[str, Any]:
    """Train for a number of steps; return events per second after the warm-up."""
    dataset = _dataset(Log.read(job["log"]))
    options = RunOptions(seed=job["seed"])
    loader = WindowLoader(dataset.histories, LoaderConfig(**job["loader"]), seed=job["seed"])
    trainer = Trainer(
        build("causal", job["shape"], num_items=len(dataset.items)),
        loader=loader,
        loss=make_loss(LossConfig(kind="full"), dataset.item_counts),
        config=TrainConfig(epochs=1),
        options=options,
    )
    warmup, steps = job["warmup"], job["steps"]
    stopwatch = Stopwatch(warmup=warmup, steps=None if steps is None else steps - warmup)
    return {
        **stopwatch.time(trainer),
        "flop_per_event": flop_per_event(loader, job["shape"], num_items=len(dataset.items)),
    }


def flop_per_event(loader: WindowLoader, shape: dict[str, Any], *, num_items: int) -> float:
    """Count the floating-point operations that one target costs in training, from the formulas of the model.

    A product of matrices [a, b] and [b, c] counts 2abc, and training three times the forward pass. For each
    event and block: projections 8 D^2, feed-forward network 4 e D^2, attention 4 D for each event that is
    looked at (half a window on average; what a mask hides does not count). The softmax: 2 D V. Norms,
    activations, dropout, the loss's element-wise part and the optimiser do not count.
    """
    width, blocks = shape["width"], shape["blocks"]
    expansion = shape.get("expansion", 4)
    looked_at = events = 0.0
    for batch in loader.epoch(0):
        lengths = np.diff(np.asarray(batch.offsets)) - 1.0
        looked_at += float((lengths * (lengths + 1) / 2).sum())
        events += float(lengths.sum())
    each = blocks * ((8 + 4 * expansion) * width**2 + 4 * width * looked_at / events)
    return float(3 * (each + 2 * width * num_items))


def matrix_speed(job: dict[str, Any]) -> dict[str, Any]:
    """Measure products of matrices of training's sizes, in bfloat16 and float32, in 10^9 FLOP a second."""
    import torch

    rows, width, items = job.get("rows", 1024), job.get("width", 128), job.get("items", 3456)
    measured = {}
    for name, kind in (("bfloat16", torch.bfloat16), ("float32", torch.float32)):
        states, table = torch.randn(rows, width).to(kind), torch.randn(items, width).to(kind)
        gradient = torch.randn(rows, items).to(kind)
        done, began = 0, 0.0
        for number in range(10_000):
            if number == 20:  # the first ones choose kernels and touch memory
                done, began = 0, time.perf_counter()
            states @ table.T
            gradient @ table
            gradient.T @ states
            done += 3 * 2 * rows * width * items
            if number > 20 and time.perf_counter() - began > job.get("seconds", 2.0):
                break
        measured[name] = done / (time.perf_counter() - began) / 1e9
    return measured


def save_model(job: dict[str, Any]) -> dict[str, Any]:
    """Fit one short epoch through the public path and save the model: weights do not matter for its speed."""
    dataset = _dataset(Log.read(job["log"]))
    model = fit_dataset(dataset, split="none", settings=job["settings"], run=Run(options=RunOptions(seed=0)))
    model.save(job["folder"])
    return {}


def recommending(job: dict[str, Any]) -> dict[str, Any]:
    """Time lists for all users of the log, for one known user, and for one unseen history at a time."""
    from regard.api import load

    model, questions = load(job["folder"]), Questions.read(job["questions"])
    users = model.dataset.users.decode(np.arange(len(model.dataset.users)))
    model.recommend(users=users[:1], k=job["k"])
    began = time.perf_counter()
    found = model.recommend(users=users, k=job["k"])
    everyone = time.perf_counter() - began
    assert found["user_id"].n_unique() == len(users)
    known, unseen = [], []
    for user in users[: job["singles"]]:
        began = time.perf_counter()
        model.recommend(users=[user], k=job["k"])
        known.append(time.perf_counter() - began)
    for items in questions.log.rows()[: job["singles"]]:
        history = items.tolist()
        began = time.perf_counter()
        model.recommend(histories=[history], k=job["k"])
        unseen.append(time.perf_counter() - began)
    return {"everyone": everyone, "known": float(np.median(known)), "unseen": float(np.median(unseen))}


def quality(job: dict[str, Any]) -> dict[str, Any]:
    """Fit as `regard fit` does, or with other settings, and write the lists for the test."""
    from benchmarks.tasks import Task

    task = Task(job["data"], job["split"], described=job.get("described", False))
    began = time.perf_counter()
    model = fit_dataset(
        task.dataset,
        recipe=job.get("recipe", "sequential"),
        settings=job["settings"],
        split=job["split"],
        run=Run(options=RunOptions(seed=job["seed"])),
    )
    fitted = time.perf_counter()
    queries = task.held.queries
    asked = queries.asked_when_it_happened() if job.get("request_time") else queries.histories
    ranked = model.recommender.rank(asked, k=job["k"])
    listed = time.perf_counter()
    write_lists(job["lists"], ranked.item_UK)
    return {
        "history": model.training,
        "fit_seconds": fitted - began,
        "list_seconds": listed - fitted,
        "config": model.config.to_json(),
        "blend": model.blend.weights.to_json(),
    }


def baselines(job: dict[str, Any]) -> dict[str, Any]:
    """Fit every baseline, its settings chosen on validation, and write its lists for the test."""
    from benchmarks.tasks import Task
    from regard.data.split import SplitSpec, hold_out
    from regard.evaluation.baselines import default_baselines
    from regard.recommend.recommender import Recommender

    task = Task(job["data"], job["split"])
    train, known = task.held.train, task.dataset
    inner = hold_out(train, SplitSpec.parse(job["split"]))
    seconds = {}
    for number, baseline in enumerate(default_baselines()):
        began = time.perf_counter()
        ranker = Recommender.of(baseline.fit(train, inner), known=known, train=train)
        ranked = ranker.rank(task.held.queries.histories, k=job["k"])
        write_lists(f"{job['lists']}-{number}.npz", ranked.item_UK)
        seconds[baseline.name] = time.perf_counter() - began
    return {"seconds": seconds}


def curve(job: dict[str, Any]) -> dict[str, Any]:
    """Train on everything for a number of epochs, laid out for just as many; write the lists for the test."""
    import torch

    from benchmarks.peers.clock import seconds_of
    from benchmarks.tasks import Task
    from regard.recipes.book import recipe_for
    from regard.recommend.serving import recommender_of

    task = Task(job["data"], job["split"])
    train = task.held.train
    config = recipe_for(job.get("recipe", "sequential"), train, settings=job["settings"])
    model = build(config.model, config.shape, num_items=len(train.items))
    trainer = Trainer(
        model,
        loader=WindowLoader(train.histories, config.loader, seed=job["seed"]),
        loss=make_loss(config.loss, train.item_counts),
        config=config.train.changed(epochs=job["epochs"], stop_after=None),
        options=RunOptions(seed=job["seed"]),
    )
    clock = seconds_of(torch.get_num_threads())
    began = clock()
    trainer.run()
    seconds = clock() - began
    recommender = recommender_of(model, known=task.dataset, train=train)
    write_lists(job["lists"], recommender.rank(task.held.queries.histories, k=job["k"]).item_UK)
    return {"seconds": seconds, "config": config.to_json()}


def _dataset(log: Log) -> Dataset:
    """Prepare a log of numbers as the ids that a caller would bring."""
    events = pl.DataFrame({"user_id": log.user, "item_id": log.item, "timestamp": log.time})
    return prepare(events).dataset
