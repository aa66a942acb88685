"""Load on ``regard serve`` with a million items: lists through the approximate index, beside exact search.

    python benchmarks/serve/many.py            # a model is fitted first, once: a quarter of an hour
    python benchmarks/serve/many.py --quick    # 200,000 items, ten seconds of each kind; nothing is kept

The log is made up (`benchmarks/catalogues.py`): items by Zipf's law, histories of 50 on average, a list asks for
ten. The model is trained for an epoch, since weights do not matter for speed; the recall of the index is that
of this model's vectors, measured when it is built. The kinds of load are those of `benchmarks/serve/asking.py`. The
generator and the server share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from rich.console import Console

from benchmarks.catalogues import zipf_log
from benchmarks.common import WORKSPACE, busy, fresh, keep
from benchmarks.serve.asking import KINDS, kinds, load, resident_mb
from benchmarks.serve.running import regard_served

_EVENTS, _CONNECTIONS = 1_500_000, 16
_SETTINGS = {
    "shape.width": 64,
    "shape.blocks": 2,
    "shape.heads": 2,
    "shape.max_length": 50,
    "loader.window": 50,
    "loader.batch_events": 8192,
    "loss.kind": "sampled",
    "train.epochs": 1,
    "blend.examples": 200,
    "refit": False,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each kind of load")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    items = 200_000 if arguments.quick else 1_000_000
    seconds = 10.0 if arguments.quick else arguments.seconds
    folders = {
        name: WORKSPACE / "models" / f"zipf-{items}-{name}" for name in ("through the index", "exact search")
    }
    job = {"items": items, "folders": {name: str(folder) for name, folder in folders.items()}}
    fitted = WORKSPACE / "models" / f"zipf-{items}.json"
    if not all(path.exists() for path in (fitted, *folders.values())):  # else a run goes on where it was left
        fitted.write_text(json.dumps(fresh(Path(__file__), "save_models", job).value), encoding="utf-8")
    made = json.loads(fitted.read_text(encoding="utf-8"))
    console.print(f"fitted and indexed: {made}")
    warning = busy()
    if warning:
        console.print(warning)
    users, asked = range(made["users"]), range(items)
    systems: dict[str, Any] = {}
    for name, folder in folders.items():
        with regard_served(folder) as server:
            run: dict[str, Any] = {}
            for kind in KINDS:
                for label, length in (("w", seconds / 4), ("m", seconds)):
                    make = kinds(users, asked, f"{label}{time.time_ns()}")[kind]
                    ask = load(server.port, make, seconds=length, connections=_CONNECTIONS)
                    run[kind] = asyncio.run(ask)
            systems[name] = {**run, "memory_mb": resident_mb(server.process)}
        for kind in KINDS:
            one = run[kind]
            console.print(
                f"{name}: {kind} {one['requests_per_second']:.0f}/s p50 {one['p50_ms']:.1f} "
                f"p95 {one['p95_ms']:.1f} p99 {one['p99_ms']:.1f} ms"
            )
    if not arguments.quick:
        found = {"items": items, "seconds": seconds, "connections": _CONNECTIONS, "busy": warning, **made}
        console.print(str(keep("serve_many", {**found, "systems": systems, "targets": []})))


def save_models(job: dict[str, Any]) -> dict[str, Any]:
    """Fit a model, and save it with an index and without one."""
    from regard.api import Run, fit_dataset
    from regard.config import RunOptions
    from regard.data.split import SplitSpec

    dataset = zipf_log(items=job["items"], events=_EVENTS)
    began = time.perf_counter()
    model = fit_dataset(
        dataset, split=SplitSpec(kind="none"), settings=_SETTINGS, run=Run(options=RunOptions(seed=0))
    )
    fitted = time.perf_counter() - began
    model.save(job["folders"]["exact search"])
    began = time.perf_counter()
    indexed = model.indexed()
    spent = time.perf_counter() - began
    indexed.save(job["folders"]["through the index"])
    assert indexed.index is not None
    return {
        "users": len(dataset.users),
        "events": int(np.asarray(dataset.histories.num_events)),
        "fit_seconds": fitted,
        "index_seconds": spent,
        "recall": indexed.index.record.recall,
    }


if __name__ == "__main__":
    main()
