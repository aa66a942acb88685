"""How training scales with the catalogue: events per second and peak memory from 10,000 to a million items.

    python benchmarks/catalogues.py            # every point, about ten minutes
    python benchmarks/catalogues.py --quick    # memory at 100,000 items, under a minute

The log is made up: ten million events, items by Zipf's law (exponent 1), lengths of histories log-normal
with a mean of 50. It has no order, since only cost is measured. Each point is a process of its own that makes
the log, builds the model and trains for a bounded time through `Trainer`; memory is the peak of the process,
log and imports included. The full softmax is measured up to where a step takes seconds. Two longer points
also validate, keep the best weights and write checkpoints, as `fit` does.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import Target, fresh, keep
from regard.config import RunOptions
from regard.data.dataset import Dataset
from regard.data.loader import LoaderConfig, WindowLoader
from regard.data.packing import Histories
from regard.data.vocab import Vocab
from regard.losses.choose import LossConfig, make_loss
from regard.models.registry import build
from regard.train.config import TrainConfig
from regard.train.hooks import Silent, StepDone
from regard.train.trainer import Trainer

EVENTS = 10_000_000
WARMUP, FEWEST = 3, 2  # steps that are not counted, and the fewest that are
SHAPE = {"width": 64, "blocks": 2, "heads": 2, "max_length": 50}
POINTS = [
    *((items, "sampled", 64) for items in (10_000, 100_000, 1_000_000)),
    *((items, "full", 64) for items in (10_000, 100_000, 1_000_000)),
    *((items, "sampled", 128) for items in (10_000, 1_000_000)),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only memory at 100,000 items")
    parser.add_argument("--seconds", type=float, default=20.0, help="of counted training at each point")
    arguments = parser.parse_args()
    points = [(100_000, "sampled", 64)] if arguments.quick else POINTS
    curve = []
    for items, loss, width in points:
        job = {
            "items": items,
            "loss": loss,
            "width": width,
            "seconds": 5 if arguments.quick else arguments.seconds,
        }
        done = fresh(Path(__file__), "train", job)
        curve.append({"items": items, "loss": loss, "width": width, **done.value, "peak_gb": done.peak_gb})
        print(
            f"{items:>9,} items, {loss:7} softmax, d{width}: {done.value['events_per_second']:>8,.0f} events/s, "
            f"{done.peak_gb:.2f} GB",
            flush=True,
        )
    whole = None
    if not arguments.quick:
        done = fresh(Path(__file__), "keep_and_validate", {"items": 1_000_000, "width": 64})
        whole = {**done.value, "peak_gb": done.peak_gb}
        print(f"with validation and checkpoints, 1,000,000 items: {done.peak_gb:.2f} GB, {done.value}")
    targets = _targets(curve, whole)
    for target in targets:
        print(target)
    keep(
        "catalogues_quick" if arguments.quick else "catalogues",
        {
            "what": f"{EVENTS:,} events of a Zipf log, window 50, batches of 8,192 events, 2,048 negatives",
            "shape": SHAPE,
            "curve": curve,
            "with_validation_and_checkpoints": whole,
            "targets": [target.to_json() for target in targets],
        },
    )


def _targets(curve: list[dict[str, Any]], whole: dict[str, Any] | None) -> list[Target]:
    """Compare the largest catalogue with the smallest at the same loss, and memory with its limit."""
    sampled = {(point["items"], point["width"]): point for point in curve if point["loss"] == "sampled"}
    targets = []
    for (items, width), point in sampled.items():
        if items >= 1_000_000 or len(curve) == 1:
            name = f"peak memory of training, {items:,} items, d{width}"
            targets.append(
                Target(name=name, value=point["peak_gb"], goal=4.0, unit="GB", lower_is_better=True)
            )
        if items == 1_000_000:
            ratio = point["events_per_second"] / sampled[10_000, width]["events_per_second"]
            name = f"events per second at 1,000,000 items over 10,000, d{width}"
            targets.append(Target(name=name, value=ratio, goal=0.5, unit="times"))
    if whole is not None:
        name = "peak memory with validation and checkpoints, 1,000,000 items, d64"
        targets.append(Target(name=name, value=whole["peak_gb"], goal=4.0, unit="GB", lower_is_better=True))
    return targets


def zipf_log(*, items: int, events: int, seed: int = 0) -> Dataset:
    """Make a log whose item of rank r has a share proportional to 1 / r; lengths are log-normal, mean 50."""
    rng = np.random.default_rng(seed)
    lengths = np.ceil(rng.lognormal(np.log(50) - 0.5, 1.0, size=events // 50)).astype(np.int64)
    stop = np.cumsum(lengths)
    cumulative = np.cumsum(1 / np.arange(1, items + 1))
    number = rng.permutation(items).astype(np.int32)  # popular items lie anywhere in the table
    item = np.empty(int(stop[-1]), dtype=np.int32)
    for first in range(0, len(item), 1 << 20):
        drawn = rng.random(min(1 << 20, len(item) - first)) * cumulative[-1]
        item[first : first + len(drawn)] = number[np.searchsorted(cumulative, drawn).clip(max=items - 1)]
    users, ids = pl.Series("id", np.arange(len(stop))), pl.Series("id", np.arange(items))
    return Dataset(
        users=Vocab(users),
        items=Vocab(ids),
        histories=Histories(
            start=stop - lengths, stop=stop, item=item, time=np.arange(len(item), dtype=np.int64)
        ),
        item_table=pl.DataFrame({"item_id": ids}),
        user_table=pl.DataFrame({"user_id": users}),
    )


class _EnoughError(Exception):
    """Ends a training after what is measured."""


class _Clock(Silent):
    """Notes when each step ended; ends the training after so many seconds past the warm-up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.ends: list[float] = []
        self.targets: list[int] = []

    def step(self, done: StepDone) -> None:
        self.ends.append(time.perf_counter())
        self.targets.append(done.events)
        if len(self.ends) >= WARMUP + FEWEST and self.ends[-1] - self.ends[WARMUP - 1] > self.seconds:
            raise _EnoughError


def _trainer(dataset: Dataset, *, loss: str, width: int) -> Trainer:
    return Trainer(
        build("causal", {**SHAPE, "width": width}, num_items=len(dataset.items)),
        loader=WindowLoader(dataset.histories, LoaderConfig(window=50, batch_events=8192), seed=0),
        loss=make_loss(LossConfig(kind=loss), dataset.item_counts),  # type: ignore[arg-type]
        config=TrainConfig(epochs=1, checkpoint_seconds=10.0),
        options=RunOptions(seed=0),
    )


def train(job: dict[str, Any]) -> dict[str, Any]:
    """Train for a while; return events per second after the warm-up."""
    dataset = zipf_log(items=job["items"], events=EVENTS)
    clock = _Clock(job["seconds"])
    with contextlib.suppress(_EnoughError):
        _trainer(dataset, loss=job["loss"], width=job["width"]).run(hooks=[clock])
    events, seconds = sum(clock.targets[WARMUP:]), clock.ends[-1] - clock.ends[WARMUP - 1]
    return {"events_per_second": events / seconds, "steps": len(clock.ends) - WARMUP, "seconds": seconds}


def keep_and_validate(job: dict[str, Any]) -> dict[str, Any]:
    """Train an epoch on a twentieth of the users; validate, keep the best weights, write checkpoints."""
    from regard.data.split import SplitSpec, hold_out
    from regard.train.blending import recommender_of
    from regard.train.examples import examples_of

    dataset = zipf_log(items=job["items"], events=EVENTS)
    held = hold_out(dataset, SplitSpec(kind="leave-last-out"))
    asked = examples_of(held, dataset, most=5_000)
    some = held.train.part(held.train.histories)
    trainer = _trainer(some, loss="sampled", width=job["width"])
    trainer.loader = WindowLoader(
        some.histories.take(slice(0, len(some.histories) // 20)), trainer.loader.config, seed=0
    )
    spent: list[float] = []

    def validate() -> float:
        began = time.perf_counter()
        value = asked.ndcg(recommender_of(trainer.model, known=held.train, train=held.train))
        spent.append(time.perf_counter() - began)
        return value

    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        trainer.run(validate=validate, folder=Path(folder) / "checkpoint", fingerprint="f")
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "validation_seconds": spent[0], "validation_examples": len(asked)}


if __name__ == "__main__":
    main()
