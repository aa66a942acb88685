"""The chapter on ranking: a click task split by time, and how long scoring takes. It measures nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.common import ROOT
from regard.evaluation.reliability import Reliability
from regard.evaluation.reliability_plot import reliability_plot

__all__ = ["DRAWN", "ranking_chapter"]

# Systems whose reliability is drawn, from their first seed.
DRAWN = ("regard, cross-attention", "logistic regression, hand-made features", "matrix factorisation")
_IMAGE = ROOT / "docs" / "images" / "ctr_reliability.svg"
_COLUMNS = (("auc", "AUC"), ("uauc", "UAUC"), ("log_loss", "log-loss"), ("ece", "calibration error"))


def ranking_chapter(kept: dict[str, Any]) -> str:
    """Return the chapter from what `ctr.py` keeps, as Markdown."""
    train, valid, test = kept["rows"]
    parts = [
        "## Ranking: predicted clicks\n",
        f"ml-1m-ctr, split by time: {train:,} rows to learn from, {valid:,} for every choice, {test:,} asked once at "
        "the end. A user's earlier ratings are known at each row, whether they were liked or not; rates of items "
        "come from the parts before. Everybody's logits become probabilities by a slope and a level on validation. "
        "Means over seeds, with the smallest and the largest; systems without chance have one value. UAUC is the "
        "mean over users who have both answers.\n",
        "| system | " + " | ".join(title for _, title in _COLUMNS) + " | AUC on validation |",
        "|---" * (len(_COLUMNS) + 2) + "|",
    ]
    for name, runs in sorted(kept["runs"].items(), key=lambda one: -_mean(one[1], "auc")):
        cells = [_spread(runs, key) for key, _ in _COLUMNS]
        parts.append(f"| {name} | " + " | ".join(cells) + f" | {_mean(runs, 'valid'):.4f} |")
    first, second = sorted(kept["runs"].values(), key=lambda runs: -_mean(runs, "auc"))[:2]
    if "auc_interval" in first.get("0", {}):
        low, high = first["0"]["auc_interval"]
        parts.append(
            f"\nDrawn over users, the AUC of the first lies between {low:.3f} and {high:.3f} (95 %): {len(kept['runs'])} "
            f"systems are easily told apart by a few hundredths, not by {_mean(first, 'auc') - _mean(second, 'auc'):.4f}, "
            "the lead of the first. Those in front read the same counts (rates, and how items went together); what a "
            f"network adds to them in {train:,} rows is little."
        )
    if kept.get("features"):
        parts.append(
            "\nHand-made features: "
            + ", ".join(kept["features"])
            + ". The peer reads users, items, genres and "
            "both histories, by the layers of FuxiCTR's DIN put together as its repository does.\n"
        )
    parts += _reliability(kept["runs"])
    if "speed" in kept:
        parts += [
            "One user, a history of 200, width 64, milliseconds of one core (median), encoding the history included. The "
            "peer's model takes a row for each candidate, each with the history:\n",
            "| attention | 100 candidates | 1,000 candidates | ratio |",
            "|---|---|---|---|",
        ]
        parts += [
            f"| {name} | {one['ms_100']:.2f} | {one['ms_1000']:.2f} | {one['ratio']:.2f} |"
            for name, one in kept["speed"].items()
        ]
        where = kept.get("speed_environment", kept["environment"])
        parts.append(
            f"\nThese times: {where['date'][:10]}, commit {where['commit']}, load average {where['load_average']}."
        )
    return "\n".join(parts) + "\n"


def _reliability(runs: dict[str, Any]) -> list[str]:
    """Draw what happened against what was predicted; return how the page shows it."""
    found = {name: runs.get(name, {}).get("0", {}).get("reliability") for name in DRAWN}
    tables = {name: Reliability.from_json(table) for name, table in found.items() if table is not None}
    if not tables:
        return []
    _IMAGE.parent.mkdir(parents=True, exist_ok=True)
    _IMAGE.write_text(reliability_plot(tables).rstrip() + "\n", encoding="utf-8")
    return [
        "What happened on the test against what was predicted, in ten bins of equal width; a larger point holds more "
        "candidates, and true probabilities lie on the dotted line (first seed).\n",
        "![Share that happened against predicted probability](images/ctr_reliability.svg)\n",
    ]


def _mean(runs: dict[str, Any], key: str) -> float:
    return float(np.mean([run[key] for run in runs.values()]))


def _spread(runs: dict[str, Any], key: str) -> str:
    values = [run[key] for run in runs.values()]
    if max(values) - min(values) < 5e-5:
        return f"{values[0]:.4f}"
    return f"{np.mean(values):.4f} ({min(values):.4f} to {max(values):.4f})"
