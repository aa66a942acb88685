"""Events per second and memory of training, beside RecTools, on ML-1M in SASRec's shape.

    python benchmarks/training_speed.py            # whole epochs, three repeats, half an hour
    python benchmarks/training_speed.py --quick    # twelve steps of each, two repeats, minutes

Width 128, 2 blocks, 2 heads, feed-forward width 128 as in RecTools' block, histories of 200, full softmax,
dropout 0.2, batches of 128 x 200 events. Both alternate in the same run, each time in a fresh process; the
first steps of each are left out. An event counts when it is a target: RecTools trains on the latest 200 of
each user, Regard on all. RecTools runs as its documentation has it (float32). Whole epochs also measure, once
each: RecTools with an allocator that keeps memory and in bfloat16, which it does not document, to show what of the ratio is due to that; its bare
network FlatSASRecNet in a loop of ours; RePlay; RecBole.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console

from benchmarks.common import (
    KEEP_MEMORY,
    ROOT,
    WORKSPACE,
    BenchError,
    Fresh,
    Target,
    busy,
    fresh,
    keep,
    median,
    spread,
)
from benchmarks.peers.venvs import python_of
from benchmarks.tasks import dataset_of, log_of
from regard.models.causal import CausalConfig

WIDTH, BLOCKS, HEADS, LENGTH, BATCH = 128, 2, 2, 200, 128
OWN = ROOT / "benchmarks" / "own.py"
PEERS = ROOT / "benchmarks" / "peers"
RECTOOLS = PEERS / "rectools_sasrec.py"
PEER = {
    "n_factors": WIDTH,
    "n_blocks": BLOCKS,
    "n_heads": HEADS,
    "session_max_len": LENGTH,
    "batch_size": BATCH,
    "dropout_rate": 0.2,
    "loss": "softmax",
}
_FLAT = {
    "n_factors": WIDTH,
    "n_blocks": BLOCKS,
    "n_heads": HEADS,
    "session_max_len": LENGTH,
    "batch_size": BATCH,
    "dropout": 0.2,
}
_REPLAY = {
    "embedding_dim": WIDTH,
    "num_blocks": BLOCKS,
    "num_heads": HEADS,
    "max_sequence_length": LENGTH,
    "batch_size": BATCH,
    "dropout": 0.2,
}
_RECBOLE = {
    "hidden_size": WIDTH,
    "inner_size": WIDTH,
    "n_layers": BLOCKS,
    "n_heads": HEADS,
    "MAX_ITEM_LIST_LENGTH": LENGTH,
    "hidden_dropout_prob": 0.2,
    "attn_dropout_prob": 0.2,
    "train_batch_size": BATCH,
}
# Variables of the environment with which a peer is measured once more.
_VARIABLES = {"rectools, memory kept": KEEP_MEMORY}
# Script, environment and what differs from the job of the others.
_OTHERS: dict[str, tuple[Path, str, dict[str, Any]]] = {
    "rectools, memory kept": (RECTOOLS, "rectools", {"settings": PEER}),
    "rectools, bfloat16": (RECTOOLS, "rectools", {"settings": PEER, "precision": "bf16-mixed"}),
    "rectools, flat": (PEERS / "rectools_flat.py", "rectools", {"settings": _FLAT}),
    "replay": (PEERS / "replay_sasrec.py", "replay", {"settings": _REPLAY}),
    # A sample is one target with its history: 30 steps of 128 targets, not an epoch of hours.
    "recbole": (PEERS / "recbole_sasrec.py", "recbole", {"settings": _RECBOLE, "steps": 30}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="ml-1m")
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--quick", action="store_true", help="a few steps instead of whole epochs")
    arguments = parser.parse_args()
    repeats = arguments.repeats or (2 if arguments.quick else 3)
    result = measure(arguments.data, repeats=repeats, steps=12 if arguments.quick else None)
    keep("training_speed_quick" if arguments.quick else "training_speed", result)


def measure(data: str, *, repeats: int, steps: int | None) -> dict[str, Any]:
    """Measure Regard and RecTools in turn, `repeats` times; with whole epochs the other peers too, once."""
    console = Console(highlight=False, soft_wrap=True)
    if warning := busy():
        console.print(warning)
    WORKSPACE.mkdir(exist_ok=True)
    log = WORKSPACE / f"{data}.npz"
    log_of(dataset_of(data).histories).write(log)
    job = {"log": str(log), "seed": 0, "steps": steps, "warmup": 3}
    shape = own_shape()
    own = {**job, "shape": shape, "loader": {"window": LENGTH, "batch_events": BATCH * LENGTH}}
    arms: dict[str, list[Fresh]] = {"regard": [], "rectools": []}
    speeds = []
    for number in range(repeats):
        speeds.append(fresh(OWN, "matrix_speed", {}).value)
        arms["regard"].append(fresh(OWN, "speed", own))
        arms["rectools"].append(
            fresh(RECTOOLS, "speed", {**job, "settings": PEER}, python=python_of("rectools"))
        )
        for name, runs in arms.items():
            console.print(f"{number + 1} of {repeats}  {_line(name, runs[-1])}")
    failed = {}
    for name, (script, peer, changes) in _OTHERS.items() if steps is None else ():
        try:
            asked, variables = {**job, **changes}, _VARIABLES.get(name)
            arms[name] = [fresh(script, "speed", asked, python=python_of(peer), variables=variables)]
            console.print(f"once    {_line(name, arms[name][0])}")
        except BenchError as error:
            failed[name] = str(error)
            console.print(f"{name}: failed\n{error}", markup=False)
    result = summary(arms, speeds, shape)
    for target in result["targets"]:
        console.print(str(Target.from_json(target)))
    return {"data": data, "whole_epochs": steps is None, "peer_settings": PEER, "failed": failed, **result}


def _line(name: str, run: Fresh) -> str:
    speed, of_a_core = run.value["events_per_second"], run.value["events_per_core_second"]
    steps = run.value["steps"]
    return f"{name:19} {speed:8,.0f} events/s ({of_a_core:7,.0f} a core) {run.peak_gb:.2f} GB ({steps} steps)"


def own_shape() -> dict[str, Any]:
    """Return Regard's shape, with RecTools' feed-forward width where the model has that option."""
    shape: dict[str, Any] = {"width": WIDTH, "blocks": BLOCKS, "heads": HEADS, "max_length": LENGTH}
    if "expansion" in CausalConfig.model_fields:
        shape["expansion"] = 1
    return {**shape, "dropout": 0.2, "embedding_dropout": 0.2}


def summary(
    arms: dict[str, list[Fresh]], speeds: list[dict[str, float]], shape: dict[str, Any]
) -> dict[str, Any]:
    """Return medians, ratios and targets."""
    systems: dict[str, dict[str, Any]] = {
        name: {
            "events_per_second": median([run.value["events_per_second"] for run in runs]),
            "events_per_core_second": median([run.value["events_per_core_second"] for run in runs]),
            "spread": spread([run.value["events_per_second"] for run in runs]),
            "peak_gb": median([run.peak_gb for run in runs]),
            "runs": [{**run.value, "peak_gb": run.peak_gb} for run in runs],
        }
        for name, runs in arms.items()
    }
    own, peer = systems["regard"], systems["rectools"]
    flop = arms["regard"][0].value["flop_per_event"]
    matrix = {name: median([one[name] for one in speeds]) for name in speeds[0]}
    reached = own["events_per_second"] * flop / 1e9
    targets = [
        Target(
            name="training: events per second, regard / RecTools",
            value=own["events_per_second"] / peer["events_per_second"],
            goal=8.0,
            unit="x",
        ),
        Target(
            name="training: peak memory, regard / RecTools",
            value=own["peak_gb"] / peer["peak_gb"],
            goal=0.5,
            unit="x",
            lower_is_better=True,
        ),
        Target(
            name="training: share of the machine's bfloat16 matrix speed",
            value=reached / matrix["bfloat16"],
            goal=0.5,
        ),
    ]
    return {
        "systems": systems,
        "shape": shape,
        "gflops_matrix": matrix,
        "mflop_per_event": flop / 1e6,
        "gflops_reached": reached,
        "targets": [target.to_json() for target in targets],
    }


if __name__ == "__main__":
    main()
