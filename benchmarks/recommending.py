"""Seconds to recommend: all users of ML-1M at once, and one unseen history at a time, beside the peers.

    python benchmarks/recommending.py            # three repeats, about ten minutes

Regard, RecTools and RePlay alternate, each time in a fresh process, at SASRec's shape (width 128, 2 blocks,
2 heads, histories of 200); ten items for each user, seen ones left out. Weights do not matter for speed, so
all are trained for a moment only. Regard recommends with what it weighs beside the network, as a user's
model does. An unseen history is a data set of one user for RecTools and a file of one row for RePlay, their
documented ways; making either is left out of the ratio. RePlay's bare forward pass of one history, tensors in
and numbers out, is shown beside it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console

from benchmarks.common import ROOT, WORKSPACE, BenchError, Target, busy, fresh, keep, median
from benchmarks.peers.venvs import python_of
from benchmarks.tasks import Task, dataset_of, log_of
from benchmarks.training_speed import OWN, PEER, RECTOOLS, own_shape

REPLAY = ROOT / "benchmarks" / "peers" / "replay_sasrec.py"
K, SINGLES = 10, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="ml-1m")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    keep("recommending", measure(arguments.data, repeats=arguments.repeats))


def measure(data: str, *, repeats: int) -> dict[str, Any]:
    """Measure all systems in turn, `repeats` times."""
    console = Console(highlight=False, soft_wrap=True)
    if warning := busy():
        console.print(warning)
    dataset = dataset_of(data)
    log = WORKSPACE / f"{data}.npz"
    log_of(dataset.histories).write(log)
    job = {"log": str(log), "questions": Task(data, "leave-last-out").write()["questions"], "k": K}
    job |= {"singles": SINGLES, "seed": 0, "folder": str(WORKSPACE / "models" / data)}
    fresh(OWN, "save_model", {**job, "settings": _settings()})
    replay = {"embedding_dim": 128, "num_heads": 2, "num_blocks": 2, "max_sequence_length": 200}
    calls: dict[str, tuple[Path, dict[str, Any], str | None]] = {
        "regard": (OWN, job, None),
        "rectools": (RECTOOLS, {**job, "settings": PEER}, "rectools"),
        "replay": (REPLAY, {**job, "settings": {**replay, "batch_size": 128, "dropout": 0.2}}, "replay"),
    }
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in calls}
    for number in range(repeats):
        for name, (script, asked, peer) in calls.items():
            python = sys.executable if peer is None else python_of(peer)
            try:
                done = fresh(script, "recommending", asked, python=python)
            except BenchError as error:
                console.print(f"{name}: failed\n{error}", markup=False)
                continue
            runs[name].append({**done.value, "peak_gb": done.peak_gb})
            console.print(
                f"{number + 1} of {repeats}  {name:9} all users {done.value['everyone']:6.2f} s, "
                f"an unseen history {1000 * done.value['unseen']:6.2f} ms"
            )
    result = summary({name: of for name, of in runs.items() if of}, users=len(dataset.users))
    for target in result["targets"]:
        console.print(str(Target.from_json(target)))
    return {"data": data, "k": K, **result}


def _settings() -> dict[str, Any]:
    shape = {f"shape.{name}": value for name, value in own_shape().items()}
    return {**shape, "train.epochs": 1, "loader.window": 200, "refit": False}


def summary(runs: dict[str, list[dict[str, float]]], *, users: int) -> dict[str, Any]:
    """Return medians and the ratios to the faster peer."""
    systems: dict[str, dict[str, Any]] = {
        name: {measure: median([run[measure] for run in of]) for measure in of[0]} | {"runs": of}
        for name, of in runs.items()
    }
    for of in systems.values():
        of["users_per_second"] = users / of["everyone"]
    peers = [of for name, of in systems.items() if name != "regard"]
    own = systems["regard"]
    targets = [
        Target(
            name="recommending: users per second, regard / faster of RecTools and RePlay",
            value=own["users_per_second"] / max(of["users_per_second"] for of in peers),
            goal=5.0,
            unit="x",
        ),
        Target(
            name="recommending: one unseen history, faster of RecTools and RePlay / regard",
            value=min(of["unseen"] for of in peers) / own["unseen"],
            goal=10.0,
            unit="x",
        ),
    ]
    return {"systems": systems, "users": users, "targets": [target.to_json() for target in targets]}


if __name__ == "__main__":
    main()
