"""The page on explanations, written from what `explanations.py` keeps. It measures nothing.

Values of a user are averaged over the seeds first, so intervals are over users.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import ROOT, Target
from regard.evaluation.significance import Interval, bootstrap_interval
from regard.explain.curves import BETTER

__all__ = ["page", "pooled", "targets", "write_page"]

PAGE = ROOT / "docs" / "explanations.md"
DEFAULT, GREEDY, RANDOM = "leave one out", "one by one", "random order"

_INTRODUCTION = """# Explanations that are measured

"Because you watched A" is a claim about a model: without A the item must fade. This page removes events in the
order that each method of explaining gives, asks the model again, and shows how fast the item falls. It is
written by `python benchmarks/explanations.py`, which fits the models too.

**What is explained** is what is served: a transformer, an item memory and a trend, weighed together. *Removal*
methods cover all of it and need no look inside. *Slope* methods cover the transformer and the memory (the trend
knows no events). *Attention* is the transformer's alone and knows nothing of the item asked about; it claims
nothing here and is a control, as are the latest events first and a random order.

**Measures.** "Left" is the share of the item's probability that is left, at most 1. DEL is the area under it
while events are removed, the most important first (lower is better); INS the area while they come (higher); POS
the share of the way on which the item stays in the first ten, CDCG the mean of 1 / log2(1 + its place) (both
lower); comprehensiveness what is lost without the first 1 to 50 % of the events (higher), sufficiency what is
lost with nothing but them (lower). After Barkan et al. (WWW 2024) and DeYoung et al. (ACL 2020). *Ties* is the
rank correlation of an explanation with itself after events of one moment have changed places.
"""


def write_page(kept: dict[str, Any], path: Path = PAGE, *, peer: dict[str, Any] | None = None) -> Path:
    """Write the page and return where it lies."""
    path.write_text(page(kept, peer=peer), encoding="utf-8")
    return path


def page(kept: dict[str, Any], *, peer: dict[str, Any] | None = None) -> str:
    """Return the page as Markdown; `peer` is what `explanations_peer.py` keeps."""
    parts = [_INTRODUCTION]
    for data in dict.fromkeys(run["data"] for run in kept["runs"]):
        parts.append(_chapter(data, [run for run in kept["runs"] if run["data"] == data], kept["longest"]))
    parts.append("## Targets\n")
    parts.append("".join(f"- {target}\n" for target in targets(kept)))
    where = kept["runs"][-1]["environment"]
    parts.append(
        f"Measured on {where['processor']}, {where['threads']} thread, commit {where['commit']}, "
        f"{where['date']}; other work ran on the machine, so times are rough.\n"
    )
    return "\n".join(parts)


def pooled(runs: list[dict[str, Any]]) -> dict[str, dict[str, Interval]]:
    """Return the measures of each method over users, those of a user averaged over the runs of a data set."""
    users = min(run["report"]["users"] for run in runs)
    return {
        name: {
            measure: bootstrap_interval(
                np.mean([run["per_user"][name][measure][:users] for run in runs], axis=0)
            )
            for measure in BETTER
        }
        for name in runs[0]["per_user"]
    }


def targets(kept: dict[str, Any]) -> list[Target]:
    """Return what was set out to be reached, and whether it is."""
    found = []
    for data in dict.fromkeys(run["data"] for run in kept["runs"]):
        runs = [run for run in kept["runs"] if run["data"] == data]
        means = pooled(runs)
        own = means[DEFAULT]
        others = [means[name] for name in means if name == RANDOM or name.startswith("attention")]
        first = [one for run in runs for one in run["report"]["counterfactuals"] if one["k"] == 1]
        beam = [one for one in first if one["name"] == "beam"]
        found += [
            Target(
                name=f"{data}: room between DEL of {DEFAULT} and of the best of random and attention",
                value=min(one["DEL"].low for one in others) - own["DEL"].high,
                goal=0.0,
            ),
            Target(
                name=f"{data}: the same for INS",
                value=own["INS"].low - max(one["INS"].high for one in others),
                goal=0.0,
            ),
            Target(
                name=f"{data}: DEL of {DEFAULT} as a multiple of the greedy deletion's",
                value=own["DEL"].value / means[GREEDY]["DEL"].value,
                goal=1.05,
                lower_is_better=True,
            ),
            Target(
                name=f"{data}: first items driven out by at most 5 events",
                value=float(np.mean([one["found"]["value"] for one in beam])),
                goal=0.9,
            ),
        ]
    return found


def _chapter(data: str, runs: list[dict[str, Any]], longest: int) -> str:
    reports, means = [run["report"] for run in runs], pooled(runs)
    weights = runs[0]["weights"]
    out = [
        f"## {data}\n",
        f"Split {runs[0]['split']}, {len(runs)} seed{'s' if len(runs) > 1 else ''}, {reports[0]['users']:,} users, "
        f"the latest {longest} events at most ({np.mean([one['events'] for one in reports]):.0f} on average). Weights "
        f"of the first model's parts: network {weights['model']:.3g}, memory {weights['memory']:.3g}, trend "
        f"{weights['trend']:.3g}. Intervals are 95 %, over users.\n",
        "| method | covers | DEL | INS | POS | CDCG | compr. | suff. | ties | calls | ms |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for place, method in enumerate(reports[0]["methods"]):
        own = means[method["name"]]
        name = f"**{method['name']}**" if method["name"] == DEFAULT else method["name"]
        numbers = " | ".join(
            f"{own[m].value:.3f} ({own[m].low:.3f} to {own[m].high:.3f})"
            if m in {"DEL", "INS"}
            else f"{own[m].value:.3f}"
            for m in BETTER
        )
        ties = method["measures"].get("tie_agreement")
        tied = "" if ties is None else f"{ties['value']:.2f}"
        spent = np.mean([one["methods"][place]["milliseconds"] for one in reports])
        out.append(
            f"| {name} | {method['covers'] if method['faithful'] else '(control)'} | {numbers} | {tied} | "
            f"{method['calls']:.0f} | {spent:.1f} |"
        )
    out += [
        "\nThe fewest events (at most 5) without which the first item leaves the first k of the list:\n",
        "| search | k | found | verified by asking again | mean size | certainly smallest | calls | ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for place, one in enumerate(reports[0]["counterfactuals"]):
        every = [report["counterfactuals"][place] for report in reports]
        hits = sum(round(each["found"]["value"] * each["users"]) for each in every)
        asked, verified = sum(each["users"] for each in every), sum(each["verified"] for each in every)
        sizes = [each["size"] for each in every if each["size"] is not None]
        out.append(
            f"| {one['name']} | {one['k']} | {hits / asked:.0%} of {asked} | {verified} of {hits} | "
            f"{np.mean(sizes) if sizes else float('nan'):.2f} | {sum(each['smallest'] for each in every)} | "
            f"{np.mean([each['calls'] for each in every]):.0f} | "
            f"{np.mean([each['milliseconds'] for each in every]):.0f} |"
        )
    return "\n".join(out) + "\n"
