"""Load on a real ``regard serve`` beside RecTools behind FastAPI, load generator included: rates and times.

    python benchmarks/serve/load.py            # ML-1M, three repeats and ten minutes in a row: half an hour
    python benchmarks/serve/load.py --quick    # ten seconds of each kind, one repeat; nothing is kept
    python benchmarks/serve/load.py MODEL      # your model, alone; nothing is kept

The kinds of load are those of `benchmarks/serve/asking.py`, one after another, after a quarter of the time that
is not counted; the systems alternate. Both models have SASRec's shape (width 128, 2 blocks, 2 heads, histories of
200) and were trained for a moment, since weights do not matter for speed. ``regard serve`` runs as by default:
every event is on disk before it is answered, states of users who come again are remembered. The generator and the
server share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from rich.console import Console

from benchmarks.common import WORKSPACE, BenchError, Target, busy, fresh, keep, median
from benchmarks.peers.exchange import Log
from benchmarks.peers.venvs import python_of
from benchmarks.serve.asking import KINDS, kinds, load, resident_mb, watched
from benchmarks.serve.running import Running, rectools_served, regard_served
from benchmarks.tasks import dataset_of, log_of
from benchmarks.training_speed import OWN, PEER, own_shape

__all__ = ["targets_of"]

_DATA, _CONNECTIONS = "ml-1m", 16
_FIGURES = ("requests_per_second", "p50_ms", "p95_ms", "p99_ms")
Start = Callable[[], AbstractContextManager[Running]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each kind of load")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--long", type=float, default=600.0, help="seconds of mixed load in a row")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    warning = busy()
    if warning:
        console.print(warning)
    seconds, repeats = (10.0, 1) if arguments.quick else (arguments.seconds, arguments.repeats)
    if arguments.model is not None:
        _alone(arguments.model, seconds=seconds, console=console)
        return
    found = _measure(
        console, seconds=seconds, repeats=repeats, long=20.0 if arguments.quick else arguments.long
    )
    for target in targets_of(found):
        console.print(str(target))
    if not arguments.quick:
        kept = {**found, "busy": warning, "targets": [target.to_json() for target in targets_of(found)]}
        console.print(str(keep("serve_load", kept)))


def targets_of(found: dict[str, Any]) -> list[Target]:
    """Return what was set out: ten times the throughput at a lower p99, and ten minutes without a mistake."""
    targets, systems = [], found["systems"]
    for kind in ("recommend", "fresh") if "rectools" in systems else ():
        own, peer = systems["regard"][kind], systems["rectools"][kind]
        rate, p99 = own["requests_per_second"] / peer["requests_per_second"], own["p99_ms"] / peer["p99_ms"]
        what = "known users" if kind == "recommend" else "histories that never come twice"
        targets += [
            Target(name=f"serving {what}: throughput, regard / RecTools in FastAPI", value=rate, goal=10.0, unit="x"),
            Target(name=f"serving {what}: p99, regard / RecTools in FastAPI", value=p99, goal=1.0, unit="x",
                   lower_is_better=True),
        ]  # fmt: skip
    broken = found["long"]["not_answered_by_the_model"]
    name = f"serving for {found['long']['seconds'] / 60:g} minutes: answers that are not the model's"
    return [*targets, Target(name=name, value=broken, goal=0, lower_is_better=True)]


def _measure(console: Console, *, seconds: float, repeats: int, long: float) -> dict[str, Any]:
    log, folder = WORKSPACE / f"{_DATA}.npz", WORKSPACE / "models" / f"{_DATA}-served"
    WORKSPACE.mkdir(exist_ok=True)
    log_of(dataset_of(_DATA).histories).write(log)
    shape = {f"shape.{name}": value for name, value in own_shape().items()}
    settings = {**shape, "train.epochs": 1, "loader.window": 200, "refit": False}
    fresh(OWN, "save_model", {"log": str(log), "folder": str(folder), "settings": settings})
    job = {"log": str(log), "seed": 0, "settings": PEER}
    systems: dict[str, Start] = {
        "regard": lambda: regard_served(folder),
        "rectools": lambda: rectools_served(python_of("rectools"), job),
    }
    read = Log.read(log)
    users, items = np.unique(read.user).tolist(), np.unique(read.item).tolist()
    runs: dict[str, list[dict[str, Any]]] = {}
    failed: dict[str, str] = {}
    for number in range(repeats):
        for name, start in systems.items():
            if name not in failed:
                try:
                    with start() as server:
                        run = _kinds(server, users, items, seconds=seconds)
                except BenchError as error:
                    failed[name] = str(error)
                    console.print(f"{name}: failed\n{error}", markup=False)
                    continue
                runs.setdefault(name, []).append(run)
                console.print(f"{number + 1} of {repeats}  {name:9} {_line(run)}")
    with systems["regard"]() as server:
        make = kinds(users, items, f"l{time.time_ns()}")["mixed"]
        ask = watched(server.port, server.process, make, seconds=long, connections=_CONNECTIONS)
        lasting = asyncio.run(ask)
    return {
        "data": _DATA,
        "users": len(users),
        "items": len(items),
        "seconds": seconds,
        "connections": _CONNECTIONS,
        "repeats": repeats,
        "systems": {name: _medians(of) for name, of in runs.items()},
        "runs": runs,
        "failed": failed,
        "long": lasting,
    }


def _kinds(server: Running, users: list[Any], items: list[Any], *, seconds: float) -> dict[str, Any]:
    """Put each kind of load on a server, after a quarter of the time that is not counted."""
    warming, measured = (kinds(users, items, f"{name}{time.time_ns()}") for name in ("w", "m"))
    run: dict[str, Any] = {}
    for name in KINDS:
        asyncio.run(load(server.port, warming[name], seconds=seconds / 4, connections=_CONNECTIONS))
        run[name] = asyncio.run(load(server.port, measured[name], seconds=seconds, connections=_CONNECTIONS))
    return {**run, "memory_mb": resident_mb(server.process)}


def _medians(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of each figure, and all answers that were not the model's."""
    bad = "not_answered_by_the_model"
    made: dict[str, Any] = {
        kind: {figure: median([run[kind][figure] for run in runs]) for figure in _FIGURES}
        | {bad: sum(run[kind][bad] for run in runs)}
        for kind in KINDS
    }
    return {**made, "memory_mb": median([run["memory_mb"] for run in runs])}


def _alone(model: Path, *, seconds: float, console: Console) -> None:
    """Measure a model folder of anybody's."""
    from regard.api import load as load_model

    dataset = load_model(model).dataset
    with regard_served(model.resolve()) as server:
        run = _kinds(server, dataset.users.ids.to_list(), dataset.items.ids.to_list(), seconds=seconds)
    console.print(_line(run).replace(", ", "\n"))


def _line(run: dict[str, Any]) -> str:
    said = [
        f"{kind} {run[kind]['requests_per_second']:.0f}/s p99 {run[kind]['p99_ms']:.1f} ms" for kind in KINDS
    ]
    return ", ".join([*said, f"{run['memory_mb']:.0f} MB"])


if __name__ == "__main__":
    main()
