"""The chapter of the page on the choice of defaults: would a log have got others, had it not been among those that chose?

For each log the recipe and its alternatives (one choice changed each) were judged on validation by
`benchmarks/ablation.py`. Without a log, the others choose what is best for them in the mean; that is then
judged on the log that was left out.
"""

from __future__ import annotations

from statistics import mean
from typing import Any

__all__ = ["defaults_chapter"]

_RECIPE = "the recipe"


def defaults_chapter(result: dict[str, Any]) -> str:
    """Write what the other logs would choose for each log, and what that is worth there."""
    gains = {log: _gains(task["rows"]) for log, task in sorted(result["tasks"].items())}
    if len(gains) < 2:
        return ""
    shared = set.union(*(set(of) for of in gains.values()))
    out = [
        "## Are the defaults good for a log that did not choose them?\n",
        "One log is left out, and the others choose: the recipe, or whichever of its "
        f"{len(shared)} changes above gains most in the mean over them, relative to the recipe (served, on "
        "validation). The choice is then judged on the log that was left out. A gain above zero says that the "
        "other logs would have found something better for it than the default; *in hindsight* is the best that "
        "the log itself could have chosen.\n",
        "| log left out | chosen by the others | their mean gain | gain on this log | in hindsight |",
        "|---|---|---|---|---|",
    ]
    for log, own in gains.items():
        others = [of for other, of in gains.items() if other != log]
        chosen, worth = _best({name: mean(of.get(name, 0.0) for of in others) for name in shared})
        hindsight, best = _best({name: own.get(name, 0.0) for name in shared})
        here = own.get(chosen, 0.0)
        out.append(f"| {log} | {chosen} | {worth:+.1%} | {here:+.1%} | {hindsight} ({best:+.1%}) |")
    lost = mean(own.get(_choice(gains, log, shared), 0.0) for log, own in gains.items())
    out.append(
        f"\nWhat the others would have chosen gains {lost:+.1%} over the default in the mean of the logs left "
        "out. Trainings of two seeds differ by one or two in a hundred on these logs.\n"
    )
    return "\n".join(out)


def _choice(gains: dict[str, dict[str, float]], log: str, shared: set[str]) -> str:
    others = [of for other, of in gains.items() if other != log]
    return _best({name: mean(of.get(name, 0.0) for of in others) for name in shared})[0]


def _best(gains: dict[str, float]) -> tuple[str, float]:
    """Return the change that gains most, or the recipe where none gains."""
    name = max(sorted(gains), key=lambda one: gains[one])
    return (name, gains[name]) if gains[name] > 0 else (_RECIPE, 0.0)


def _gains(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return what each change gains, relative to the recipe; nothing where the recipe chose the same."""
    whole = mean(next(row for row in rows if row["name"] == _RECIPE)["ndcg@10"])
    return {row["name"]: mean(row["ndcg@10"]) / whole - 1 for row in rows if row["name"] != _RECIPE}
