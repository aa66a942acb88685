"""The chapter on quality: one table for each task from the kept runs, tests in pairs, and the targets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.common import Target
from benchmarks.ranks import ndcg_of, unpack
from regard.evaluation.significance import Interval, bootstrap_interval, holm, paired_test

__all__ = ["chapter", "quality_targets"]

OWN = "regard"
# Task, system and goal: what issue and published tables ask for, NDCG@10.
_GOALS = (
    ("ml-1m@leave-last-out", OWN, 0.190),
    ("ml-1m@leave-last-out", "regard (request time)", 0.215),
    ("ml-1m@time", OWN, 1.1 * 0.0948),
    ("amazon-2014-beauty@leave-last-out", OWN, 0.063),
    ("amazon-2014-toys@leave-last-out", OWN, 0.060),
)
# Here Regard must be ahead of everything else; without these, nothing is said.
BASELINES = {"Popularity", "ItemKNN", "EASE"}
_AHEAD = ("ml-100k@time", "online-retail@time", "ml-1m@time")


@dataclass(frozen=True)
class _System:
    """All runs of a system on a task."""

    name: str
    runs: list[dict[str, Any]]

    @property
    def values(self) -> np.ndarray:
        """``[U]`` NDCG@10, the mean over seeds."""
        each = np.stack([ndcg_of(unpack(run["ranks"]), k=10) for run in self.runs])
        mean: np.ndarray = each.mean(axis=0)
        return mean

    @property
    def interval(self) -> Interval:
        return bootstrap_interval(self.values, resamples=2000, confidence=0.95, seed=0)

    def unfinished(self, users: int) -> bool:
        """Whether a peer's search ended, by time, before 200 steps had passed without a better epoch."""
        searched = [run["details"] for run in self.runs if "best_epoch" in run.get("details", {})]
        after = [len(one["history"]) - one["best_epoch"] for one in searched]
        return any(epochs * -(-users // 128) < 200 for epochs in after)

    def mean(self, metric: str) -> float:
        return float(np.mean([run["metrics"][metric] for run in self.runs]))


def chapter(kept: dict[str, Any]) -> str:
    """Return the chapter as Markdown."""
    parts = [
        "## Quality\n",
        "The whole catalogue is ranked and seen items are left out; there are no sampled metrics. Every system "
        "learns from the same events, chooses its epochs or settings on the same validation cut and is then "
        "trained on the whole training part; one piece of code judges all lists. *regard* is what `regard fit` "
        "does with the events alone when nothing is set; *regard (table of items)* also reads the titles and attributes "
        "that lie beside them, and *regard (request time)* is told when the target happened, as a server knows when it "
        "is asked: comparisons of their own. *regard (filter)* sets `shape.filter_share` to 0.3, see the levers. Several seeds give one value: the mean. Intervals are bootstrap intervals "
        "over users (95 %); p is that of a paired sign-flip test against *regard*, after Holm's correction.\n",
    ]
    for task, counts in sorted(kept["tasks"].items()):
        systems = _systems(kept, task)
        if systems:
            parts.append(_table(task, counts, systems, _failed(kept, task)))
    if not any(task.startswith("amazon") and "time" in task for task in kept["tasks"]):
        parts.append(
            "Amazon Beauty, Toys and Hacker News are split by leave-last-out alone. Amazon's files tell the time since "
            "each user's first event, so there is no common clock by which to cut; on Hacker News every story after a cut "
            "is new (see *cold items*).\n"
        )
    return "\n".join(parts)


def quality_targets(kept: dict[str, Any]) -> list[Target]:
    """Return the targets that the kept runs decide."""
    found = []
    for task, name, goal in _GOALS:
        for system in _systems(kept, task):
            if system.name == name:
                title = f"{task.replace('@', ', ')}: NDCG@10 of {name}"
                found.append(Target(name=title, value=system.mean("ndcg@10"), goal=round(goal, 4)))
    for task in _AHEAD:
        systems = {system.name: system.mean("ndcg@10") for system in _systems(kept, task)}
        others = {name: value for name, value in systems.items() if not name.startswith(OWN)}
        if OWN in systems and others.keys() >= BASELINES:
            best = max(others, key=lambda name: others[name])
            title = f"{task.replace('@', ', ')}: regard's NDCG@10 over the best other's ({best})"
            found.append(Target(name=title, value=systems[OWN] / others[best], goal=1.0, unit="x"))
    return found


def _systems(kept: dict[str, Any], task: str) -> list[_System]:
    """Return the systems of a task, best first; of runs with one seed the latest counts."""
    found: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for run in kept["runs"]:
        if run["task"] == task and "metrics" in run:
            found[run["system"]][run["seed"]] = run
    systems = [_System(name, list(runs.values())) for name, runs in found.items()]
    return sorted(systems, key=lambda system: -system.mean("ndcg@10"))


def _failed(kept: dict[str, Any], task: str) -> list[str]:
    return [
        f"{run['system']}: {run['failed'].splitlines()[-1]}"
        for run in kept["runs"]
        if run["task"] == task and "failed" in run
    ]


def _table(task: str, counts: dict[str, Any], systems: list[_System], failed: list[str]) -> str:
    own = next((system for system in systems if system.name == OWN), None)
    others = [system for system in systems if system is not own]
    tests = {} if own is None else {one.name: _test(own, one) for one in others}
    adjusted = holm(np.array([test.p_value for test in tests.values()])) if tests else np.empty(0)
    p_values = dict(zip(tests, adjusted, strict=True))
    lines = [
        f"### {counts['data']}, split {counts['split']}\n",
        f"{counts['events']:,} events, {counts['users']:,} users, {counts['items']:,} items; "
        f"{counts['queries']:,} questions with one target each, of which {counts['unseen_targets']:,} are items "
        "that training never saw (misses for all).\n",
        "| system | NDCG@10 | 95 % interval | seeds | Recall@10 | MRR@10 | coverage | regard minus it | p | minutes |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for system in systems:
        interval, test = system.interval, tests.get(system.name)
        seeds = (
            " ".join(f"{run['metrics']['ndcg@10']:.4f}" for run in system.runs)
            if len(system.runs) > 1
            else "1"
        )
        difference = p = ""
        if test is not None:
            gap = test.difference
            difference = f"{gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
            p = f"{p_values[system.name]:.3f}"
        name = f"**{system.name}**" if system.name == OWN else system.name
        name += " †" if system.unfinished(counts["users"]) else ""
        minutes = np.mean([run["seconds"] for run in system.runs]) / 60
        lines.append(
            f"| {name} | {system.mean('ndcg@10'):.4f} | {interval.low:.4f} to {interval.high:.4f} | {seeds} | "
            f"{system.mean('recall@10'):.4f} | {system.mean('mrr@10'):.4f} | "
            f"{np.mean([run['coverage'] for run in system.runs]):.0%} | {difference} | {p} | {minutes:.1f} |"
        )
    if any(system.unfinished(counts["users"]) for system in systems):
        lines.append(
            "\n† Its search ended before 200 steps had passed without a better epoch: it might still have improved."
        )
    lines += [f"\nNot measured: {reason}" for reason in failed]
    commits = sorted({run["environment"]["commit"] for system in systems for run in system.runs})
    dates = sorted(run["environment"]["date"][:10] for system in systems for run in system.runs)
    days = " to ".join(dict.fromkeys((dates[0], dates[-1])))
    machine = systems[0].runs[0]["environment"]
    lines.append(
        f"\nMeasured {days}, commits {', '.join(commits)}; {machine['processor']}, "
        f"{machine['cores']} cores. Minutes: search, training on everything and lists, means over seeds.\n"
    )
    return "\n".join(lines)


def _test(own: _System, other: _System) -> Any:
    return paired_test(own.values, other.values, confidence=0.95, seed=0)
