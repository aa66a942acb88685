"""Pictures of the page on explanations: intervals of both areas, both curves, sizes of counterfactual sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.plots import Axis, bars, curves, intervals
from regard.evaluation.significance import Interval
from regard.explain.curves import GRID

__all__ = ["Drawn", "draw", "pictures"]

SHOWN = (
    "leave one out",
    "one by one",
    "integrated gradients",
    "attention, last layer",
    "attention rollout",
    "latest first",
    "random order",
)
"""Methods whose curves are drawn: all of them would hide each other."""

_AREAS = {"DEL": "area under deletion (lower is better)", "INS": "area under insertion (higher is better)"}
_LINES = {
    "left": ("deletion", "share of events removed, the most important first"),
    "known": ("insertion", "share of events known, the most important first"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The runs of one model on one data set, and the means and intervals of their measures."""

    means: dict[str, dict[str, Interval]]
    runs: list[dict[str, Any]]


def pictures(name: str, runs: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return words and file of each picture that `draw` can draw of the runs."""
    found = [(f"{name}: {words}", _file(name, measure)) for measure, words in _AREAS.items()]
    if _has_lines(runs):
        found += [(f"{name}: curves of {words}", _file(name, words)) for words, _ in _LINES.values()]
    if _sizes(runs):
        found.append((f"{name}: sizes of counterfactual sets", _file(name, "sizes")))
    return found


def draw(name: str, drawn: Drawn, folder: Path, *, own: str) -> None:
    """Write the pictures of one data set."""
    for measure, words in _AREAS.items():
        rows = [
            {"name": method, "value": one[measure].value, "low": one[measure].low, "high": one[measure].high}
            for method, one in drawn.means.items()
        ]
        rows.sort(key=lambda row: row["value"], reverse=measure == "INS")
        intervals(rows, folder / _file(name, measure), x=Axis(words, zero=False, form=".2f"), own=own)
    if _has_lines(drawn.runs):
        for line, (words, title) in _LINES.items():
            points = _points(drawn.runs, line)
            left = Axis("what is left of the item's probability", form=".1f")
            curves(points, folder / _file(name, words), x=Axis(title, form="%"), y=left, own=own)
    sizes = _sizes(drawn.runs)
    if sizes:
        bars(sizes, folder / _file(name, "sizes"), x="events removed", y=Axis("share of items", form="%"))


def _file(name: str, what: str) -> str:
    return f"explanations_{name.replace(', ', '-').replace(' ', '-')}_{what}.svg"


def _has_lines(runs: list[dict[str, Any]]) -> bool:
    return all(method.get("left") for run in runs for method in run["report"]["methods"])


def _points(runs: list[dict[str, Any]], line: str) -> list[dict[str, Any]]:
    """Return points of the mean curve over the runs, for each method that is shown."""
    lines: dict[str, list[list[float]]] = {}
    for run in runs:
        for method in run["report"]["methods"]:
            if method["name"] in SHOWN:
                lines.setdefault(method["name"], []).append(method[line])
    return [
        {"series": name, "x": share, "y": float(value)}
        for name, own in lines.items()
        for share, value in zip(GRID, np.mean(own, axis=0), strict=True)
    ]


def _sizes(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the share of items whose set by `beam` has each size; none for runs of an older form."""
    rows = []
    for k in sorted({one["k"] for run in runs for one in run["report"]["counterfactuals"]}):
        every = [
            one
            for run in runs
            for one in run["report"]["counterfactuals"]
            if one["name"] == "beam" and one["k"] == k
        ]
        if not all("sizes" in one for one in every):
            return []
        asked = sum(one["users"] for one in every)
        counts = {
            size: sum(one["sizes"].get(str(size), 0) for one in every)
            for size in sorted({int(size) for one in every for size in one["sizes"]})
        }
        shares = {str(size): count / asked for size, count in counts.items()}
        shares["not found"] = 1 - sum(shares.values())
        rows += [{"x": size, "y": share, "series": f"out of the first {k}"} for size, share in shares.items()]
    return rows
