"""Where does a training step spend its time? Microseconds an event, operation by operation.

    python benchmarks/profile_training.py                      # SASRec's shape on random histories of 200 events
    python benchmarks/profile_training.py --expansion 4 --users 32 --items 50000

One thread by default: core time then says what an operation costs, whatever else the machine is doing.
Nothing is kept; this is the tool with which training was made faster.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from regard.config import RunOptions  # noqa: E402
from regard.data.histories import Histories  # noqa: E402
from regard.data.loader import LoaderConfig, WindowLoader  # noqa: E402
from regard.losses.softmax import FullSoftmax  # noqa: E402
from regard.models.causal import CausalConfig, CausalModel  # noqa: E402
from regard.train.config import TrainConfig  # noqa: E402
from regard.train.trainer import Trainer  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--users", type=int, default=128, help="histories in a batch")
    parser.add_argument("--length", type=int, default=200, help="events of a history")
    parser.add_argument("--items", type=int, default=3416)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--expansion", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rows", type=int, default=25, help="operations to show")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    trainer = _trainer(asked)
    trainer.run()  # a first pass: memory is taken from the system, kernels are chosen
    began_wall, began_core = time.perf_counter(), time.process_time()
    trainer = _trainer(asked)
    trainer.run()
    wall, core = time.perf_counter() - began_wall, time.process_time() - began_core
    events = asked.users * asked.length * asked.steps
    print(
        f"{events / wall:,.0f} events/s, {events / core:,.0f} events a core second, {asked.threads} threads"
    )
    trainer = _trainer(asked)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        trainer.run()
    rows = sorted(profile.key_averages(), key=lambda row: -row.self_cpu_time_total)
    total = sum(row.self_cpu_time_total for row in rows)
    for row in rows[: asked.rows]:
        print(
            f"{row.key[:64]:64} {row.self_cpu_time_total / events:7.2f} us/event {row.self_cpu_time_total / total:6.1%}"
        )


def _trainer(asked: argparse.Namespace) -> Trainer:
    rng = np.random.default_rng(0)
    count = asked.users * asked.steps
    histories = Histories.of([rng.integers(0, asked.items, asked.length + 1).tolist() for _ in range(count)])
    shape = CausalConfig(
        width=asked.width,
        expansion=asked.expansion,
        max_length=asked.length,
        dropout=0.2,
        embedding_dropout=0.2,
    )
    return Trainer(
        CausalModel(shape, num_items=asked.items),
        loader=WindowLoader(
            histories, LoaderConfig(window=asked.length, batch_events=asked.users * asked.length), seed=0
        ),
        loss=FullSoftmax(),
        config=TrainConfig(epochs=1),
        options=RunOptions(),
    )


if __name__ == "__main__":
    main()
