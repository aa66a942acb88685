"""Ranking on a click task split by time: Regard's ranker, what one would build instead, and a peer; then speed.

    python benchmarks/ctr.py [--seeds 3] [--quick] [--only NAME]

A run that is kept is not made again.
Settings of all systems were chosen on validation; the test is asked once, at the end. All logits become
probabilities by the same calibration (slope and level on validation), so that log-loss and calibration error
compare the order and the spread, not the habits of a library.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import polars as pl
import torch
from rich.console import Console

from benchmarks.common import BenchError, Target, data_folder, environment, fresh, keep, read
from benchmarks.ctr_features import NAMES, ClickLog, features
from benchmarks.ctr_page import DRAWN
from benchmarks.ctr_speed import speed
from benchmarks.ctr_systems import SYSTEMS, Scored, Task
from benchmarks.peers.venvs import python_of
from regard.config import RunOptions
from regard.data.impression_split import split_impressions
from regard.data.impression_table import ReadImpressions, read_impressions
from regard.data.sources.impression_logs import read_impression_log
from regard.data.sources.movielens import read_ml_1m
from regard.data.split import SplitSpec
from regard.evaluation.click_report import measure_clicks
from regard.models.calibration import fit_calibration
from regard.ranking import fit_ranker

_PEER = "FuxiCTR DIN (its layers)"
_OURS: dict[str, dict[str, Any]] = {
    "regard, cross-attention": {"attention": "cross"},
    "regard, DIN": {"attention": "din", "heads": 8},
}
# Chosen on validation with seed 0.
_SHAPE: dict[str, Any] = {"users": {"ids": False}, "items": {"ids": False}}
_TRAIN = {"epochs": 12, "patience": 3, "learning_rate": 0.003, "average": 0.2}
_PEER_SETTINGS = ({"width": 16, "dropout": 0.2, "decay": 1e-5}, {"width": 16, "dropout": 0.5, "decay": 1e-3})
_LONGEST = 100
_SCRIPT = Path(__file__).resolve().parent / "peers" / "fuxictr_din.py"
_CONSOLE = Console(highlight=False, soft_wrap=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one seed, without the peer, kept apart")
    parser.add_argument("--only", help="systems whose names begin so")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    file, seeds = ("ctr_quick", 1) if arguments.quick else ("ctr", arguments.seeds)
    read_log, items, cuts = load()
    task = make_task(read_log, items, cuts)
    made: dict[str, Callable[[int], Scored]] = {
        name: partial(system, task) for name, system in SYSTEMS.items()
    }
    made |= {name: partial(ours, read_log, items, cuts, shape) for name, shape in _OURS.items()}
    if not arguments.quick:
        made[_PEER] = partial(peer, task)
    for name, seed in product(made, range(seeds)):
        kept = read(file) or {"runs": {}}
        if is_there(kept["runs"], name, seed) or not name.startswith(arguments.only or ""):
            continue
        try:
            run = judged(read_log, task, made[name](seed))
        except BenchError as error:
            _CONSOLE.print(f"{name} failed: {error}", markup=False)
            continue
        kept = read(file) or {"runs": {}}  # other systems may have been measured meanwhile
        kept["runs"].setdefault(name, {})[str(seed)] = run
        # Runs are made at several times: each says where, the file says where the first was made.
        run["environment"] = environment()
        keep(file, {**kept, "rows": [len(task.rows(part)) for part in range(3)]})
        _CONSOLE.print(f"{name}, seed {seed}: AUC {run['auc']:.4f} (validation {run['valid']:.4f})")
    finish(file)


def is_there(runs: dict[str, Any], name: str, seed: int) -> bool:
    """Tell whether a run is kept, with what is drawn of it."""
    run = runs.get(name, {}).get(str(seed))
    return run is not None and ("reliability" in run or seed > 0 or name not in DRAWN)


def finish(file: str) -> None:
    """Measure speed, and say which targets are met, where all systems are there."""
    kept = read(file)
    if kept is None or any(name not in kept["runs"] for name in (*SYSTEMS, *_OURS)):
        return
    if "speed" in kept:  # measured on a quiet machine: not to be made again with every further seed
        quick = kept["speed"]
        where = kept.get("speed_environment", kept["environment"])
    else:
        quick, where = speed(), environment()
        if _PEER in kept["runs"]:
            job = {"items": 5_000, "length": 200, "width": 64}
            quick[_PEER] = fresh(_SCRIPT, "speed", job, python=python_of("fuxictr")).value
    own = {name: one for name, one in quick.items() if name != _PEER}
    kept |= {"speed": quick, "speed_environment": where, "features": list(NAMES)}
    made = targets(kept["runs"], own)
    keep(file, {**kept, "targets": made})
    for target in made:
        _CONSOLE.print(str(Target.from_json(target)))


def targets(runs: dict[str, dict[str, dict[str, Any]]], quick: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was set out to be reached."""

    def auc(name: str) -> float:
        return float(np.mean([run["auc"] for run in runs[name].values()]))

    own = max(auc(name) for name in _OURS)
    best = max((name for name in runs if name not in _OURS), key=auc)
    made = [
        Target(name=f"AUC minus that of {best}, the best of the others", value=own - auc(best), goal=0.0),
        *(
            Target(name=f"{name}: {what}", value=one[key], goal=goal, unit=unit, lower_is_better=True)
            for name, one in quick.items()
            for what, key, goal, unit in (
                ("scoring 1,000 candidates against 100", "ratio", 3.0, "times"),
                ("scoring 1,000 candidates, history of 200, width 64, one core", "ms_1000", 15.0, "ms"),
            )
        ),
    ]
    return [target.to_json() for target in made]


def load() -> tuple[ReadImpressions, pl.DataFrame, tuple[str, ...]]:
    """Return the log, its items with genres and years, and where it is cut."""
    log = read_impression_log("ml-1m-ctr", data_folder("ml-1m-ctr"))
    read_log = read_impressions(log.shown, columns=log.columns)
    assert log.items is not None
    movies = read_ml_1m(data_folder("ml-1m")).items
    assert movies is not None
    year = pl.col("title").str.extract(r"\((\d{4})\)$").cast(pl.Int64).alias("year")
    items = log.items.join(movies.select("title", "genres"), on="title", how="left")
    return read_log, items.unique("item_id", keep="first").sort("item_id").with_columns(year), log.cuts


def make_task(read_log: ReadImpressions, items: pl.DataFrame, cuts: tuple[str, ...]) -> Task:
    """Return the log by numbers, with hand-made features."""
    shown = read_log.impressions
    part = np.zeros(len(shown), dtype=np.int64)
    for cut in cuts:
        part += shown.time_I >= split_impressions(shown, SplitSpec(at=cut)).cutoff
    table = read_log.items.ids.to_frame("item_id").join(items, on="item_id", how="left")
    lists = [genres or [] for genres in table["genres"].to_list()]
    names = sorted({genre for row in lists for genre in row})
    log = ClickLog(
        user=shown.user_I,
        item=shown.item_K,
        time=shown.time_I // 1_000_000,
        label=shown.labels["click"].astype(np.float64),
        part=part,
        genre=np.array([[genre in row for genre in names] for row in lists], dtype=np.float64),
        year=table["year"].fill_null(strategy="mean").to_numpy().astype(np.float64),
    )
    return Task(log, features(log))


def ours(
    read_log: ReadImpressions, items: pl.DataFrame, cuts: tuple[str, ...], shape: dict[str, Any], seed: int
) -> Scored:
    """Train Regard's ranker; it sees neither labels of validation nor of the test while it learns."""
    first = split_impressions(read_log.impressions, SplitSpec(at=cuts[1]))
    settings = {
        "shape": {**_SHAPE, **shape},
        "train": _TRAIN,
        "history": "shown",
        "validation": {"at": cuts[0]},
    }
    model = fit_ranker(
        replace(read_log, impressions=first.train),
        items=items.select("item_id", "genres", "year"),
        settings=settings,
        options=RunOptions(seed=seed),
    )
    valid = split_impressions(first.train, SplitSpec(at=cuts[0])).test
    best = max(epoch["validation"] for epoch in model.training)
    return Scored(model.logits(valid)[:, 0], model.logits(first.test)[:, 0], f"validation {best:.4f}")


def peer(task: Task, seed: int) -> Scored:
    """Train the peer in its environment with each of its settings; validation chooses."""
    python = python_of("fuxictr")
    best: tuple[float, Scored] | None = None
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "data.npz", Path(folder) / "out.npz"
        np.savez(data, **_for_peer(task))
        for settings in _PEER_SETTINGS:
            job = {"data": str(data), "out": str(out), "seed": seed, "threads": 1, "rate": 1e-3, "epochs": 8}
            answer = fresh(_SCRIPT, "learn", job | settings, python=python, timeout=400).value
            with np.load(out) as file:
                scored = Scored(file["valid"], file["test"], f"{settings}, {answer['epochs']} epochs")
            if best is None or answer["valid"] > best[0]:
                best = answer["valid"], scored
    assert best is not None
    return best[1]


def _for_peer(task: Task) -> dict[str, np.ndarray]:
    """Return users, items, histories (liked, passed over) and genres; 0 stands for nothing."""
    log = task.log
    history = {name: np.zeros((len(log.user), _LONGEST), dtype=np.int32) for name in ("liked", "passed")}
    order = np.lexsort((np.arange(len(log.user)), log.time, log.user))
    for rows in np.split(order, np.flatnonzero(np.diff(log.user[order])) + 1):
        early = np.searchsorted(log.time[rows], log.time[rows], side="left")
        for place, row in enumerate(rows.tolist()):
            past = rows[: early[place]]
            for name, chosen in (("liked", log.label[past] > 0), ("passed", log.label[past] == 0)):
                items = log.item[past[chosen]][-_LONGEST:]
                history[name][row, : len(items)] = items + 1
    met = np.unique(log.user[log.part == 0])
    user = np.where(np.isin(log.user, met), log.user + 1, 0)
    widest = int(log.genre.sum(1).max())
    genres = np.zeros((len(log.year) + 1, widest), dtype=np.int32)
    for item, row in enumerate(log.genre):
        own = np.flatnonzero(row) + 1
        genres[item + 1, : len(own)] = own
    arrays = {"user": user, "item": log.item + 1, "label": log.label, "part": log.part, "genres": genres}
    return arrays | history


def judged(read_log: ReadImpressions, task: Task, scored: Scored) -> dict[str, Any]:
    """Measure the test, calibrated on validation."""
    log, valid, test = task.log, task.rows(1), task.rows(2)
    calibration = fit_calibration("platt", scored.valid, log.label[valid])
    found = {}
    for name, rows, logit in (("valid", valid, scored.valid), ("test", test, scored.test)):
        shown = read_log.impressions.take(rows)
        found[name] = measure_clicks(shown, logit, probabilities=calibration.apply(logit))
    measured = found["test"]
    assert measured.reliability is not None
    values = {name: one.value for name, one in measured.values.items()}
    return {
        "valid": found["valid"].values["auc"].value,
        "auc": values["auc"],
        "auc_interval": [measured.values["auc"].low, measured.values["auc"].high],
        "uauc": values["uauc"],
        "gauc": values["gauc"],
        "log_loss": values["log_loss"],
        "ece": measured.reliability.error,
        "reliability": measured.reliability.to_json(),
        "chosen": scored.chosen,
    }


if __name__ == "__main__":
    main()
