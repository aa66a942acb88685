"""Real logs of impressions in their own formats: news by the rules of MIND, and advertisements that are read.

    python benchmarks/impressions.py [--seeds 3] [--quick]

A run that is kept is not made again. News: the earlier four fifths are learned from, the rest is asked once;
settings were chosen on the latest tenth of what is learned from, with seed 0. The samples of advertisements
are too small to measure anything: it is only shown that they are read, learned from and scored.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from rich.console import Console

from benchmarks.common import data_folder, keep, read
from regard.config import RunOptions
from regard.data.impression_split import ImpressionSplit, split_impressions
from regard.data.impression_table import ReadImpressions, read_impressions
from regard.data.sources.impression_logs import read_impression_log
from regard.data.sources.impression_set import PublicImpressions
from regard.data.split import SplitSpec
from regard.evaluation.click_report import measure_clicks
from regard.ranking import fit_ranker

_TEST = SplitSpec(quantile=0.8)
_OURS: dict[str, dict[str, Any]] = {
    "regard, cross-attention": {"attention": "cross"},
    "regard, DIN": {"attention": "din", "heads": 8},
}
_SETTINGS: dict[str, Any] = {"batch_candidates": 1024, "train": {"epochs": 2}}
_METRICS = ("impression_auc", "mrr", "ndcg@5", "ndcg@10")
_ADS = {"criteo": "ctr-samples", "avazu": "ctr-samples", "open-bandit-random-all": "open-bandit"}
_PRIOR = 10.0  # times that a rate is smoothed by
_CONSOLE = Console(highlight=False, soft_wrap=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="baselines and advertisements only, kept apart")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    file = "impressions_quick" if arguments.quick else "impressions"
    log = read_impression_log("mind", data_folder("mind-sample"))
    shown = read_impressions(log.shown, columns=log.columns)
    cut = split_impressions(shown.impressions, _TEST)
    made: dict[str, Callable[[int], np.ndarray]] = {
        "any order": lambda _: np.zeros(cut.test.num_candidates),
        "clicks so far": lambda _: counted(cut)[1],
        "click rate so far": lambda _: rate(cut),
    }
    if not arguments.quick:
        made |= {name: partial(ours, log, shown, cut, shape) for name, shape in _OURS.items()}
    for name, seed in product(made, range(arguments.seeds)):
        kept = read(file) or {"runs": {}}
        runs = kept["runs"].setdefault(name, {})
        if str(seed) in runs or (seed > 0 and name not in _OURS):
            continue
        began = time.monotonic()
        measured = measure_clicks(cut.test, made[name](seed))
        values = {metric: measured.values[metric] for metric in _METRICS}
        runs[str(seed)] = {
            "seconds": time.monotonic() - began,
            **{metric: [one.value, one.low, one.high] for metric, one in values.items()},
        }
        keep(file, {**kept, **described(log, cut)})
        _CONSOLE.print(f"{name}, seed {seed}: AUC {values['impression_auc'].value:.4f}")
    kept = {name: value for name, value in (read(file) or {}).items() if name != "environment"}
    if len(kept.get("ads", [])) < len(_ADS):
        kept["ads"] = [advertisements(name, folder) for name, folder in _ADS.items()]
    keep(file, kept)


def described(log: PublicImpressions, cut: ImpressionSplit) -> dict[str, Any]:
    """Say what was learned from and what was asked."""
    assert log.items is not None
    article = log.shown["item_id"]
    return {
        "impressions": [len(cut.train), len(cut.test)],
        "candidates": [cut.train.num_candidates, cut.test.num_candidates],
        "met": float(np.isin(cut.test.item_K, cut.train.item_K).mean()),
        "described": float(article.is_in(log.items["item_id"].implode()).mean()),
    }


def counted(cut: ImpressionSplit) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each candidate of the test was shown and clicked before."""
    train, size = cut.train, int(max(cut.train.item_K.max(), cut.test.item_K.max())) + 1
    shown = np.bincount(train.item_K, minlength=size)
    clicked = np.bincount(train.item_K, weights=train.labels["click"], minlength=size)
    return shown[cut.test.item_K].astype(np.float64), clicked[cut.test.item_K]


def rate(cut: ImpressionSplit) -> np.ndarray:
    """Return the smoothed click rate of each candidate; that of all where it was never shown."""
    shown, clicked = counted(cut)
    level = float(cut.train.labels["click"].mean())
    smoothed: np.ndarray = (clicked + _PRIOR * level) / (shown + _PRIOR)
    return smoothed


def ours(
    log: PublicImpressions, shown: ReadImpressions, cut: ImpressionSplit, shape: dict[str, Any], seed: int
) -> np.ndarray:
    """Train Regard's ranker on what came before the cut."""
    model = fit_ranker(
        replace(shown, impressions=cut.train),
        items=log.items,
        settings={**_SETTINGS, "shape": shape},
        options=RunOptions(seed=seed),
    )
    unlabelled = replace(cut.test, labels={})
    return model.logits(unlabelled)[:, 0]


def advertisements(name: str, folder: str) -> dict[str, Any]:
    """Read a log of advertisements, learn from it and score what came later."""
    began = time.monotonic()
    log = read_impression_log(name, data_folder(folder))
    shown = read_impressions(log.shown, columns=log.columns)
    cut = split_impressions(shown.impressions, SplitSpec(quantile=0.7))
    settings = {"train": {"epochs": 2}}
    model = fit_ranker(replace(shown, impressions=cut.train), items=log.items, settings=settings)
    chance = model.score(cut.test)["click"]
    assert np.isfinite(chance).all()
    _CONSOLE.print(f"{name}: {len(chance):,} scores")
    return {
        "log": name,
        "rows": len(log.shown),
        "columns": log.shown.width,
        "read": len(model.spec.request),
        "scored": len(chance),
        "seconds": time.monotonic() - began,
    }


if __name__ == "__main__":
    main()
