"""The page on explanations, written from what `explanations.py` and its companions keep. It measures nothing.

    python benchmarks/explanations_page.py      # write it anew from benchmarks/results

Values of a user are averaged over the seeds first, so intervals are over users.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.common import ROOT, Target, read
from benchmarks.explanations_plots import Drawn, draw, pictures
from benchmarks.explanations_words import CITE, INTRODUCTION, MEASURES, PEER, READING, REPRODUCE
from regard.evaluation.significance import Interval, bootstrap_interval
from regard.explain.curves import BETTER

__all__ = ["Beside", "page", "pooled", "targets", "write_page"]

PAGE = ROOT / "docs" / "explanations.md"
DEFAULT, GREEDY, RANDOM = "leave one out", "one by one", "random order"
NAME = "explanations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What other scripts keep, each None where it has not run: `explanations_peer`, `retraining`, `explanation_speed`."""

    peer: dict[str, Any] | None = None
    retraining: dict[str, Any] | None = None
    speed: dict[str, Any] | None = None

    @classmethod
    def kept(cls) -> Beside:
        """Read what is there."""
        return cls(
            peer=read(f"{NAME}_peer"),
            retraining=read(f"{NAME}_retraining"),
            speed=read("explanation_speed"),
        )


def main() -> None:
    kept = read(NAME)
    if kept is None:
        raise SystemExit("nothing is kept: run python benchmarks/explanations.py first")
    write_page(kept, beside=Beside.kept())


def write_page(kept: dict[str, Any], path: Path = PAGE, *, beside: Beside | None = None) -> Path:
    """Write the page and its pictures beside it, and return where it lies."""
    path.write_text(page(kept, beside=beside), encoding="utf-8")
    for name, drawn in _all_drawn(kept, beside).items():
        draw(name, drawn, path.parent / "images", own=DEFAULT)
    return path


def page(kept: dict[str, Any], *, beside: Beside | None = None) -> str:
    """Return the page as Markdown."""
    more = beside or Beside()
    parts = [INTRODUCTION, READING]
    for data, runs in _by_data(kept).items():
        parts.append(_chapter(data, runs, kept["longest"]))
    if more.peer is not None:
        parts.append(PEER)
        for data, runs in _by_data(more.peer).items():
            parts.append(_peer_chapter(data, runs, more.peer["longest"]))
    if more.retraining is not None:
        parts.append(_retraining(more.retraining["runs"]))
    if more.speed is not None:
        parts.append(_speed(more.speed))
    parts.append("## Targets\n")
    parts.append("".join(f"- {target}\n" for target in targets(kept)))
    parts += [MEASURES, REPRODUCE, CITE]
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


def _by_data(kept: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    names = dict.fromkeys(run["data"] for run in kept["runs"])
    return {name: [run for run in kept["runs"] if run["data"] == name] for name in names}


def _all_drawn(kept: dict[str, Any], beside: Beside | None) -> dict[str, Drawn]:
    found = {data: Drawn(means=pooled(runs), runs=runs) for data, runs in _by_data(kept).items()}
    peer = beside.peer if beside is not None else None
    for data, runs in _by_data(peer).items() if peer is not None else ():
        found[f"rectools_{data}"] = Drawn(means=pooled(runs), runs=runs)
    return found


def _chapter(data: str, runs: list[dict[str, Any]], longest: int) -> str:
    weights = runs[0]["weights"]
    own = (
        f"Weights of the first model's parts: network {weights['model']:.3g}, memory {weights['memory']:.3g}, "
        f"trend {weights['trend']:.3g}."
    )
    return "\n".join([f"## {data}\n", _asked(runs, longest, own), *_tables(data, runs)]) + "\n"


def _peer_chapter(data: str, runs: list[dict[str, Any]], longest: int) -> str:
    first = runs[0]
    epochs = ", ".join(str(run["epochs"]) for run in runs)
    own = (
        f"Trained for {epochs} epochs (as long as was best on validation, unless a number was asked for); its "
        f"own lists reach an NDCG@10 of {np.mean([run['ndcg@10'] for run in runs]):.4f}. No score of ours is "
        f"further than {max(run['parity'] for run in runs):.0e} from RecTools'. Settings: "
        + ", ".join(f"{name} {value}" for name, value in first["settings"].items())
        + "."
    )
    head = f"### RecTools' SASRec on {data}\n"
    return "\n".join([head, _asked(runs, longest, own), *_tables(f"rectools_{data}", runs)]) + "\n"


def _asked(runs: list[dict[str, Any]], longest: int, own: str) -> str:
    reports = [run["report"] for run in runs]
    return (
        f"Split {runs[0]['split']}, {len(runs)} seed{'s' if len(runs) > 1 else ''}, {reports[0]['users']:,} users, "
        f"the latest {longest} events at most ({np.mean([one['events'] for one in reports]):.0f} on average). "
        f"{own} Intervals are 95 %, over users.\n"
    )


def _tables(name: str, runs: list[dict[str, Any]]) -> list[str]:
    reports, means = [run["report"] for run in runs], pooled(runs)
    return [
        *_methods_table(reports, means),
        *[f"\n![{words}](images/{file})" for words, file in pictures(name, runs)],
        *_searches_table(reports),
    ]


def _methods_table(reports: list[dict[str, Any]], means: dict[str, dict[str, Interval]]) -> list[str]:
    out = [
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
    return out


def _searches_table(reports: list[dict[str, Any]]) -> list[str]:
    out = [
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
    return out


def _retraining(runs: list[dict[str, Any]]) -> str:
    out = [
        "## Trained again without them\n",
        "A counterfactual is verified by asking the same weights about the edited history. Here the model is "
        "trained again, with the same seed, on a log that never had the events of the set; beside it without as "
        "many events of the user drawn at random, and once with everything and another seed: what these move is "
        "not due to the set.\n",
        "| data | recipe | k | items asked about | set found | left without the set | left without random events "
        "| left by another seed alone |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        changed = ", ".join(f"{name} {value}" for name, value in run["settings"].items())
        out.append(
            f"| {run['data']} | {run['recipe']}{f' ({changed})' if changed else ''} | {run['k']} | {run['asked']} | "
            f"{run['users']} | {run['left']} of {run['users']} | {run['left_random']} of {run['users']} | "
            f"{run['left_again']} of {run['users']} |"
        )
    return "\n".join(out) + "\n"


def _speed(kept: dict[str, Any]) -> str:
    speed, screened = kept["speed"], kept["screened"]
    return (
        "## Time\n\n"
        "One explanation by the default method, 200 events, width 64, two blocks, 3,416 items, one core: "
        f"{speed['short']['core_ms']:.0f} ms of core time by the short way, which is exact "
        f"(`regard.nn.without`), {speed['long']['core_ms']:.0f} ms if every shortened history is read. "
        f"*Screened* leaves out only the events of steepest slope: on ML-100K ({screened['users']} users, "
        f"{screened['events']:.0f} events on average) {screened['core_ms']['screened']:.0f} ms instead of "
        f"{screened['core_ms']['exact']:.0f} ms, and it names the same first event for "
        f"{screened['same_first']:.0%} of them and shares {screened['shared_of_first_three']:.0%} of the first "
        "three. It stays an option; the default is exact.\n"
    )


if __name__ == "__main__":
    main()
