"""Events per second and memory of preparing a large log, and of splitting it.

    python benchmarks/logs.py            # 10 and 100 million events, integer and text ids: half an hour
    python benchmarks/logs.py --quick    # 10 million events with integer ids: a minute

The log is generated (seeded) as a folder of Parquet files and deleted afterwards: 5 million users of
unequal activity, 1 million items of Zipf popularity, whole seconds over three years, rows in no order at
all, which is harder than the order of time in which logs are usually written. Integer ids are spread over
32 bits; text ids have 12 to 15 characters. Each log is prepared into a folder in a fresh process; the peak
is VmHWM, mapped files included. `cpu_seconds` are those of all threads: where they are far below what the
cores could give in the time, the machine was busy. ML-1M is read from gzipped text.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import polars as pl
from rich.console import Console

from benchmarks.common import WORKSPACE, BenchError, Fresh, Target, data_folder, fresh, keep, median, spread
from regard.data.prepare import prepare
from regard.data.split import SplitSpec, hold_out
from regard.data.store import open_dataset

USERS, ITEMS = 5_000_000, 1_000_000
_PART = 10_000_000  # events of one file
_SPAN = 3 * 365 * 86_400  # seconds
_RUNS = ((10_000_000, "integer"), (10_000_000, "string"), (100_000_000, "integer"), (100_000_000, "string"))
_SCRIPT = Path(__file__)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only 10 million events with integer ids")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    folder = WORKSPACE / "logs"
    runs = []
    try:
        for events, ids in _RUNS[:1] if arguments.quick else _RUNS:
            runs.append(measure(folder, events, ids))
            console.print(_line(runs[-1]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result: dict[str, Any] = {"users": USERS, "items": ITEMS, "runs": runs, "targets": targets(runs)}
    try:
        result["ml_1m"] = movielens()
        result["targets"].append(
            Target(
                name="logs: ML-1M from csv.gz",
                value=result["ml_1m"]["seconds"],
                goal=2.0,
                unit="s",
                lower_is_better=True,
            ).to_json()
        )
        console.print(f"ML-1M: {result['ml_1m']['spread']} s")
    except BenchError as error:
        console.print(f"ML-1M: left out: {error}", markup=False)
    for target in result["targets"]:
        console.print(str(Target.from_json(target)))
    keep("logs_quick" if arguments.quick else "logs", result)


def measure(folder: Path, events: int, ids: str) -> dict[str, Any]:
    """Generate a log, prepare it, split it; return speeds, peaks and sizes on disk."""
    log, kept = folder / "log", folder / "prepared"
    write_log(log, events=events, ids=ids, seed=0)
    prepared = fresh(_SCRIPT, "prepare_log", {"log": str(log), "folder": str(kept)})
    splits = {
        split: fresh(_SCRIPT, "split_log", {"folder": str(kept), "split": split})
        for split in ("time", "leave-last-out")
    }
    result = {
        "events": events,
        "ids": ids,
        "events_per_second": events / prepared.value["seconds"],
        "seconds": prepared.value["seconds"],
        "cpu_seconds": prepared.value["cpu_seconds"],
        "peak_gb": prepared.peak_gb,
        "parquet_gb": _size_gb(log),
        "prepared_gb": _size_gb(kept),
        "splits": {name: _split_result(run) for name, run in splits.items()},
    }
    shutil.rmtree(folder)
    return result


def write_log(folder: Path, *, events: int, ids: str, seed: int) -> None:
    """Write a seeded log as Parquet files of ten million events, one after the other."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    share = np.cumsum(1 / np.arange(1, ITEMS + 1))
    share /= share[-1]
    for number, low in enumerate(range(0, events, _PART)):
        size = min(_PART, events - low)
        user = (USERS * rng.random(size) ** 1.5).astype(np.int64)
        item = np.searchsorted(share, rng.random(size)).astype(np.int64)
        # Odd factors spread the ids over 32 bits without letting two of them meet.
        frame = pl.DataFrame(
            {
                "user_id": user * 2_654_435_761 % 2**32,
                "item_id": item * 2_246_822_519 % 2**32,
                "timestamp": 1_600_000_000 + rng.integers(0, _SPAN, size),
            }
        )
        if ids == "string":
            frame = frame.with_columns(
                user_id=pl.format("user-{}", pl.col("user_id").cast(pl.String).str.zfill(10)),
                item_id=pl.format("B-{}", pl.col("item_id").cast(pl.String).str.zfill(10)),
            )
        frame.write_parquet(folder / f"{number:04d}.parquet", row_group_size=1 << 20)


def prepare_log(job: dict[str, Any]) -> dict[str, Any]:
    """Prepare a log into a folder, in this process."""
    began, busy = time.perf_counter(), time.process_time()
    report = prepare(job["log"], folder=job["folder"]).report
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - busy
    assert report.rows == report.events + report.duplicates, "nothing may be lost"
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "events": report.events}


def split_log(job: dict[str, Any]) -> dict[str, Any]:
    """Split a prepared log, in this process."""
    dataset = open_dataset(job["folder"])
    before, began = _own_memory_gb(), time.perf_counter()
    held = hold_out(dataset, SplitSpec.parse(job["split"]))
    seconds = time.perf_counter() - began
    extra = (_own_memory_gb() - before) * 1e9 / dataset.num_events
    return {"seconds": seconds, "queries": len(held.queries), "bytes_per_event": extra}


def read_movielens(job: dict[str, Any]) -> dict[str, Any]:
    """Prepare ML-1M from gzipped text, in this process."""
    began = time.perf_counter()
    prepare(job["file"], columns={"item_id": "movie_id"})
    return {"seconds": time.perf_counter() - began}


def movielens() -> dict[str, Any]:
    """Measure ML-1M five times, each in a fresh process."""
    job = {"file": str(data_folder("ml-1m") / "interactions.csv.gz")}
    runs = [fresh(_SCRIPT, "read_movielens", job) for _ in range(5)]
    seconds = [run.value["seconds"] for run in runs]
    peak = max(run.peak_gb for run in runs)
    return {"seconds": median(seconds), "spread": spread(seconds), "peak_gb": peak}


def targets(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return speed and memory of each run beside their goals."""
    found = []
    for run in runs:
        name = f"logs: {run['events'] // 10**6} million events, {run['ids']} ids"
        speed = Target(name=name, value=run["events_per_second"] / 1e6, goal=1.5, unit="million events/s")
        peak = Target(
            name=f"{name}, peak memory", value=run["peak_gb"], goal=6.0, unit="GB", lower_is_better=True
        )
        found += [speed.to_json(), peak.to_json()]
    return found


def _split_result(run: Fresh) -> dict[str, Any]:
    return {**run.value, "peak_gb": run.peak_gb}


def _line(run: dict[str, Any]) -> str:
    splits = ", ".join(
        f"{name} {split['seconds']:.1f} s (+{split['bytes_per_event']:.1f} bytes/event)"
        for name, split in run["splits"].items()
    )
    return (
        f"{run['events']:,} events, {run['ids']} ids: {run['events_per_second'] / 1e6:.2f} million/s "
        f"({run['seconds']:.1f} s, {run['cpu_seconds']:.1f} s of processor), {run['peak_gb']:.2f} GB; "
        f"disk {run['parquet_gb']:.2f} GB to {run['prepared_gb']:.2f} GB; splits: {splits}"
    )


def _size_gb(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.iterdir()) / 1e9


def _own_memory_gb() -> float:
    """Return the resident memory of this process without mapped files."""
    pages = (Path("/proc/self/statm").read_text(encoding="utf-8")).split()
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE") / 1e9


if __name__ == "__main__":
    main()
