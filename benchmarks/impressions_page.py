"""The chapter of the page on real logs of impressions. It measures nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["chapter"]

_COLUMNS = {"impression_auc": "AUC", "mrr": "MRR", "ndcg@5": "nDCG@5", "ndcg@10": "nDCG@10"}


def chapter(kept: dict[str, Any]) -> str:
    """Return the chapter from what `impressions.py` keeps, as Markdown."""
    learned, asked = kept["impressions"]
    parts = [
        "## Real logs of impressions: news and advertisements\n",
        f"A sample of MIND, split by time: {learned:,} impressions to learn from, {asked:,} with "
        f"{kept['candidates'][1]:,} candidates asked once at the end. By MIND's own definitions: each metric is the "
        "mean over impressions that have both a click and none, MRR that over the clicked, a gain is 2^label - 1; "
        "equal scores share their places. The sample is small and hard: "
        f"{kept['met']:.0%} of the candidates that are asked for were ever shown before, and the table of articles "
        f"describes {kept['described']:.0%} of all candidates, so that ids, histories and what was clicked before "
        "have to do. These figures say that the format works end to end, not how good news recommendation can be. "
        "Means over seeds, with the smallest and the largest; below them the 95 % interval over users of the first "
        "seed.\n",
        "| system | " + " | ".join(_COLUMNS.values()) + " | seconds |",
        "|---" * (len(_COLUMNS) + 2) + "|",
    ]
    for name, runs in sorted(kept["runs"].items(), key=lambda one: -_mean(one[1], "impression_auc")):
        cells = [_spread(runs, key) for key in _COLUMNS]
        seconds = float(np.mean([run["seconds"] for run in runs.values()]))
        parts.append(f"| {name} | " + " | ".join(cells) + f" | {seconds:.0f} |")
    if "ads" in kept:
        parts += [
            "\nSamples of logs of advertisements, in the files in which they are published: read, learned from (the "
            "earlier seven tenths) and scored (the rest). They are too small to say how good the scores are.\n",
            "| log | rows | columns | read as request | scored | seconds |",
            "|---|---|---|---|---|---|",
        ]
        parts += [
            f"| {one['log']} | {one['rows']:,} | {one['columns']} | {one['read']} | {one['scored']:,} | "
            f"{one['seconds']:.1f} |"
            for one in kept["ads"]
        ]
    return "\n".join(parts) + "\n"


def _mean(runs: dict[str, Any], key: str) -> float:
    return float(np.mean([run[key][0] for run in runs.values()]))


def _spread(runs: dict[str, Any], key: str) -> str:
    values = [run[key][0] for run in runs.values()]
    _, low, high = runs["0"][key]
    within = f"<br>{low:.3f} to {high:.3f}"
    if max(values) - min(values) < 5e-5:
        return f"{values[0]:.4f}{within}"
    return f"{np.mean(values):.4f} ({min(values):.4f} to {max(values):.4f}){within}"
