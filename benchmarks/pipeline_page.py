"""The chapter of the page on two stages, and their targets. It measures nothing.

NDCG@10 of all seeds is compared user by user: a user's value is the mean over seeds, in both lines.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from benchmarks.common import Target
from benchmarks.ranks import ndcg_of, unpack
from regard.evaluation.significance import PairedTest, paired_test

__all__ = ["chapter", "targets"]

_BOTH, _ALONE = "two-stage", "retrieval alone"

Runs = list[dict[str, Any]]


def chapter(kept: dict[str, Any]) -> str:
    """Return the chapter as Markdown."""
    out = [
        "## Retrieval, ranking and both\n",
        "The default recipe on ids, split by time, alone and with a second stage (`--recipe two-stage`) that learned "
        "from the same events; the retrieval model is the same in both lines. *Hand-over* is the share of the "
        "targets among the candidates, which bounds what ranking can reach. The change of NDCG@10 is that of the "
        "same users over the same seeds, with its 95 % interval and the p of a paired sign-flip test. A weight of "
        "0 means that validation kept the order of retrieval. Time is that of one core for a list of ten, asked one "
        "by one.\n",
        "| data | seeds | system | NDCG@10 | change | p | recall@10 | hand-over | coverage | diversity | ms |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for data, runs in _by_data(kept).items():
        test = _change(runs)
        change = f"{test.difference.value:+.4f} ({test.difference.low:+.4f} to {test.difference.high:+.4f})"
        both = f"{change} | {test.p_value:.3f}"
        for name, said, speed in ((_BOTH, both, "ms_per_list"), (_ALONE, " | ", "ms_per_list_retrieval")):
            handed = f"{_mean(runs, 'handed_over', 'value'):.1%}" if name == _BOTH else ""
            out.append(
                f"| {data} | {len(runs)} | {name} | {_mean(runs, 'systems', name, 'ndcg'):.4f} | {said} | "
                f"{_mean(runs, 'systems', name, 'recall'):.4f} | {handed} | "
                f"{_mean(runs, 'systems', name, 'coverage'):.1%} | {_mean(runs, 'diversity', name):.3f} | "
                f"{_mean(runs, speed):.1f} |"
            )
    for data, runs in _by_data(kept).items():
        sources = ", ".join(
            f"{name} {_mean(runs, 'by_source', name):.1%} ({_mean(runs, 'only_by_source', name):.1%} alone)"
            for name in runs[0]["by_source"]
        )
        weights = ", ".join(f"{run['weight']:g}" for run in runs)
        out.append(
            f"\n{data}: {runs[0]['queries']:,} questions; {_mean(runs, 'candidates'):.0f} candidates of a user; "
            f"targets by source: {sources}; weight of the ranker by seed: {weights}."
        )
    return "\n".join(out) + "\n"


def targets(kept: dict[str, Any]) -> list[Target]:
    """Return what two stages are to reach: a better order, at no loss of coverage."""
    found = []
    for data, runs in _by_data(kept).items():
        coverage = _mean(runs, "systems", _BOTH, "coverage") / _mean(runs, "systems", _ALONE, "coverage")
        found += [
            Target(
                name=f"{data}: two stages less retrieval alone, NDCG@10, lower end of its interval",
                value=_change(runs).difference.low,
                goal=0.0,
            ),
            Target(name=f"{data}: coverage as a share of that of retrieval alone", value=coverage, goal=1.0),
        ]
    return found


def _by_data(kept: dict[str, Any]) -> dict[str, Runs]:
    """Return the runs with the settings of the recipe, by data set and seed."""
    found: dict[str, Runs] = defaultdict(list)
    for run in sorted(kept["runs"], key=lambda one: one["seed"]):
        if not run["settings"]:
            found[run["data"]].append(run)
    return dict(found)


def _change(runs: Runs) -> PairedTest:
    """Compare both lines, user by user."""
    both, alone = (
        np.mean([ndcg_of(unpack(run["systems"][name]["ranks"]), k=10) for run in runs], axis=0)
        for name in (_BOTH, _ALONE)
    )
    return paired_test(both, alone)


def _mean(runs: Runs, *path: str) -> float:
    values = []
    for run in runs:
        value: Any = run
        for name in path:
            value = value[name]
        values.append(value)
    return float(np.mean(values))
