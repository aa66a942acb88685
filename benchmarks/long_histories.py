"""What an event costs in training while histories grow: windowed attention against full attention.

    python benchmarks/long_histories.py            # histories of 128 to 2,048 events, about ten minutes
    python benchmarks/long_histories.py --quick    # the two lengths of the target, a minute or two

The ids are made up, since only cost is measured, and each batch has 16,384 events whatever their histories:
width 128, 2 blocks, 2 heads, full softmax over a small catalogue, so that attention has its share of the
step. Windowed: an event looks back on the latest 128. Each measurement is a process of its own that trains
through `Trainer`; rounds go through all points in turn, the best round counts for speed, and memory is the
peak of the process, imports included. Events per second of processor time are kept beside those per second:
where other work shares the machine they say more, best with one thread, since threads burn time while they
wait. The window changes what a model can learn; this says nothing of quality.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console

from benchmarks.common import Target, fresh, keep
from benchmarks.stopwatch import Stopwatch
from regard.config import RunOptions
from regard.data.histories import Histories
from regard.data.loader import LoaderConfig, WindowLoader
from regard.losses.choose import LossConfig, make_loss
from regard.models.registry import build
from regard.train.config import TrainConfig
from regard.train.trainer import Trainer

BATCH, WINDOW, ITEMS = 16_384, 128, 1_000
LENGTHS = (128, 256, 512, 1024, 2048)
SHAPE = {"width": 128, "blocks": 2, "heads": 2}
WARMUP = 3  # steps that are not counted
GOAL = 0.85  # events per second at the longest history over those at 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only windowed attention at 256 and 2,048")
    parser.add_argument("--rounds", type=int, help="measurements of each point, the best counts")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--steps", type=int, default=6, help="counted steps of a measurement")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    points = [(length, kind) for length in LENGTHS for kind in ("windowed", "full")]
    if arguments.quick:
        points = [(256, "windowed"), (2048, "windowed")]
    runs: dict[tuple[int, str], list[dict[str, Any]]] = {point: [] for point in points}
    for number in range(arguments.rounds or (2 if arguments.quick else 3)):
        for length, kind in points:
            job = {"length": length, "attention": kind}
            job |= {"steps": arguments.steps, "threads": arguments.threads}
            done = fresh(Path(__file__), "train", job)
            runs[length, kind].append({**done.value, "peak_gb": done.peak_gb})
            console.print(
                f"round {number + 1}, {length:>5,} events, {kind:8} attention: "
                f"{done.value['events_per_second']:>7,.0f} events/s, "
                f"{done.value['events_per_core_second']:>7,.0f} per processor second, {done.peak_gb:.2f} GB"
            )
    curve = [
        {"length": length, "attention": kind, **_best(runs[length, kind]), "runs": runs[length, kind]}
        for length, kind in points
    ]
    targets = _targets(curve)
    for target in targets:
        console.print(str(target))
    keep(
        "long_histories_quick" if arguments.quick else "long_histories",
        {
            "what": f"batches of {BATCH:,} events, window of {WINDOW}, {ITEMS:,} items, best round",
            "shape": SHAPE,
            "threads": arguments.threads,
            "curve": curve,
            "targets": [target.to_json() for target in targets],
        },
    )


def _best(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Return the highest speed and the highest peak of memory."""
    return {
        "events_per_second": max(run["events_per_second"] for run in runs),
        "events_per_core_second": max(run["events_per_core_second"] for run in runs),
        "peak_gb": max(run["peak_gb"] for run in runs),
    }


def _targets(curve: list[dict[str, Any]]) -> list[Target]:
    speed = {
        point["length"]: point["events_per_second"] for point in curve if point["attention"] == "windowed"
    }
    longest = max(speed)
    name = f"long histories: windowed, events per second at {longest:,} events / at 256"
    return [Target(name=name, value=speed[longest] / speed[256], goal=GOAL, unit="x")]


def train(job: dict[str, Any]) -> dict[str, Any]:
    """Train some steps on histories of one length; return events per second after the warm-up."""
    torch.set_num_threads(job["threads"])
    length, steps = job["length"], WARMUP + job["steps"]
    rng, users = np.random.default_rng(0), steps * BATCH // length
    stop = np.arange(1, users + 1, dtype=np.int64) * (length + 1)  # one event more: the last target
    item = rng.integers(0, ITEMS, size=int(stop[-1])).astype(np.int32)
    histories = Histories(
        start=stop - (length + 1), stop=stop, item=item, time=np.arange(len(item), dtype=np.int64)
    )
    window = WINDOW if job["attention"] == "windowed" else None
    trainer = Trainer(
        build("causal", {**SHAPE, "max_length": length, "attention_window": window}, num_items=ITEMS),
        loader=WindowLoader(histories, LoaderConfig(window=length, batch_events=BATCH), seed=0),
        loss=make_loss(LossConfig(kind="full"), np.bincount(item, minlength=ITEMS)),
        config=TrainConfig(epochs=1),
        options=RunOptions(seed=0),
    )
    stopwatch = Stopwatch(warmup=WARMUP, steps=job["steps"])
    speed = stopwatch.time(trainer)
    assert len(set(stopwatch.targets)) == 1, "batches must be alike"
    return speed


if __name__ == "__main__":
    main()
