"""How training scales with the catalogue: events per second and peak memory from 10,000 to a million items.

    python benchmarks/catalogues.py            # every point, about ten minutes
    python benchmarks/catalogues.py --quick    # memory at 100,000 items, under a minute

The log is made up: ten million events, items by Zipf's law (exponent 1), lengths of histories log-normal
with a mean of 50. It has no order, since only cost is measured. Each point is a process of its own that makes
the log, builds the model and trains for a bounded time through `Trainer`; memory is the peak of the process,
log and imports included. The sampled softmax is measured several times in alternation (medians); one more
process also validates on the whole catalogue, keeps the best weights and writes checkpoints, as `fit` does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import Target, busy, fresh, keep, median
from benchmarks.stopwatch import Stopwatch
from regard.config import RunOptions
from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.loader import LoaderConfig, WindowLoader
from regard.data.vocab import Vocab
from regard.losses.choose import LossConfig, make_loss
from regard.models.registry import build
from regard.train.config import TrainConfig
from regard.train.trainer import Trainer

EVENTS = 10_000_000
SHAPE = {"width": 64, "blocks": 2, "heads": 2, "max_length": 50}
BATCH = 8192  # events
SIZES = (10_000, 100_000, 1_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only memory at 100,000 items")
    parser.add_argument("--seconds", type=float, default=10.0, help="of counted training at each point")
    parser.add_argument("--repeats", type=int, default=3, help="of the sampled softmax, alternating")
    arguments = parser.parse_args()
    if warning := busy():
        print(warning)
    if arguments.quick:
        result = {"curve": [_point(100_000, "sampled", seconds=3.0)]}
    else:
        result = _everything(arguments.seconds, arguments.repeats)
    targets = _targets(result)
    for target in targets:
        print(target)
    keep(
        "catalogues_quick" if arguments.quick else "catalogues",
        {
            "what": f"{EVENTS:,} events of a Zipf log, window 50, batches of {BATCH:,} events, 2,048 negatives",
            "shape": SHAPE,
            "warning": warning,
            **result,
            "targets": [target.to_json() for target in targets],
        },
    )


def _everything(seconds: float, repeats: int) -> dict[str, Any]:
    """Measure both losses at all sizes, twice the width at two, and a fit's validation and checkpoints."""
    rounds = [
        [_point(items, "sampled", seconds=seconds) for items in SIZES]
        + [_point(items, "sampled", seconds=seconds, width=128) for items in (SIZES[0], SIZES[-1])]
        for _ in range(repeats)
    ]
    sampled = [_middle(list(points)) for points in zip(*rounds, strict=True)]
    # A step of the full softmax over a million items takes long whatever the batch: a small one is enough.
    full = [
        _point(items, "full", seconds=seconds, batch=256 if items > 100_000 else BATCH) for items in SIZES
    ]
    done = fresh(Path(__file__), "keep_and_validate", {"items": SIZES[-1], "width": 64})
    whole = {**done.value, "peak_gb": done.peak_gb}
    print(f"with validation and checkpoints, {SIZES[-1]:,} items: {whole}", flush=True)
    return {
        "curve": sampled[: len(SIZES)] + full,
        "wider": sampled[len(SIZES) :],
        "with_validation_and_checkpoints": whole,
    }


def _point(items: int, loss: str, *, seconds: float, width: int = 64, batch: int = BATCH) -> dict[str, Any]:
    job = {"items": items, "loss": loss, "width": width, "batch_events": batch}
    done = fresh(Path(__file__), "train", {**job, "seconds": seconds, "warmup": 3 if batch == BATCH else 1})
    point = {**job, **done.value, "peak_gb": done.peak_gb}
    print(
        f"{items:>9,} items, {loss:7} softmax, d{width}: {point['events_per_second']:>8,.0f} events/s, "
        f"{point['events_per_core_second']:>8,.0f} a core second, {done.peak_gb:.2f} GB",
        flush=True,
    )
    return point


def _middle(repeats: list[dict[str, Any]]) -> dict[str, Any]:
    """Take the median of each figure, and the largest peak."""
    middle = dict(repeats[0])
    for name in ("events_per_second", "events_per_core_second", "seconds"):
        middle[name] = median([one[name] for one in repeats])
    middle["peak_gb"] = max(one["peak_gb"] for one in repeats)
    return {**middle, "repeats": [one["events_per_second"] for one in repeats]}


def _targets(result: dict[str, Any]) -> list[Target]:
    """Compare the largest catalogue with the smallest at the same loss, and memory with its limit."""
    points = [point for point in result["curve"] + result.get("wider", []) if point["loss"] == "sampled"]
    targets = []
    for point in points:
        items, label = point["items"], f"{point['items']:,} items, d{point['width']}"
        if items == SIZES[-1] or len(points) == 1:
            targets.append(_memory(f"peak memory of training, {label}", point))
        if items == SIZES[-1]:
            small = next(one for one in points if one["items"] == SIZES[0] and one["width"] == point["width"])
            ratio = point["events_per_second"] / small["events_per_second"]
            name = f"events per second of training, {label}, over those of {SIZES[0]:,} items"
            targets.append(Target(name=name, value=ratio, goal=0.5, unit="times"))
    if whole := result.get("with_validation_and_checkpoints"):
        name = f"peak memory with validation and checkpoints, {SIZES[-1]:,} items, d64"
        targets.append(_memory(name, whole))
    return targets


def _memory(name: str, point: dict[str, Any]) -> Target:
    return Target(name=name, value=point["peak_gb"], goal=4.0, unit="GB", lower_is_better=True)


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
    # A user's events are a second apart and begin anywhere in a hundred seconds.
    begin = rng.integers(0, 100_000_000, size=len(stop))
    time_T = np.repeat(begin - 1_000_000 * (stop - lengths), lengths) + 1_000_000 * np.arange(len(item))
    users, ids = pl.Series("id", np.arange(len(stop))), pl.Series("id", np.arange(items))
    return Dataset(
        users=Vocab(users),
        items=Vocab(ids),
        histories=Histories(start=stop - lengths, stop=stop, item=item, time=time_T),
        item_table=pl.DataFrame({"item_id": ids}),
        user_table=pl.DataFrame({"user_id": users}),
    )


def _trainer(dataset: Dataset, *, loss: str, width: int, batch_events: int = BATCH) -> Trainer:
    return Trainer(
        build("causal", {**SHAPE, "width": width}, num_items=len(dataset.items)),
        loader=WindowLoader(dataset.histories, LoaderConfig(window=50, batch_events=batch_events), seed=0),
        loss=make_loss(LossConfig(kind=loss), dataset.item_counts),  # type: ignore[arg-type]
        config=TrainConfig(epochs=1, checkpoint_seconds=10.0),
        options=RunOptions(seed=0),
    )


def train(job: dict[str, Any]) -> dict[str, Any]:
    """Train for a while; return events per second, and per second of a core, after the warm-up."""
    dataset = zipf_log(items=job["items"], events=EVENTS)
    trainer = _trainer(dataset, loss=job["loss"], width=job["width"], batch_events=job["batch_events"])
    return Stopwatch(warmup=job["warmup"], seconds=job["seconds"]).time(trainer)


def keep_and_validate(job: dict[str, Any]) -> dict[str, Any]:
    """Train an epoch on a twentieth of the users; validate, keep the best weights, write checkpoints."""
    from regard.data.split import SplitSpec, hold_out
    from regard.recommend.serving import recommender_of
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
