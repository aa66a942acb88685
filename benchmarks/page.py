"""Writes docs/benchmarks.md and its plots from benchmarks/results/*.json. It measures nothing.

python benchmarks/page.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console

from benchmarks.borrowed import with_ids
from benchmarks.common import RESULTS, ROOT, Target, read
from benchmarks.content_page import cold_chapter, cold_targets, cost_chapter, warm_chapter, warm_targets
from benchmarks.ctr_page import ranking_chapter
from benchmarks.diversity_page import chapter as diversity_chapter
from benchmarks.impressions_page import chapter as impressions_chapter
from benchmarks.levers_page import ablation_chapter, study_chapter
from benchmarks.pipeline_page import chapter as pipeline_chapter
from benchmarks.pipeline_page import targets as pipeline_targets
from benchmarks.plots import Axis, lines
from benchmarks.quality_page import chapter, quality_targets
from benchmarks.selection_page import chapter as selection_chapter
from benchmarks.serve_page import append_chapter, faults_chapter, going_on_chapter, load_chapter, many_chapter

PAGE = ROOT / "docs" / "benchmarks.md"
IMAGES = ROOT / "docs" / "images"
# Results of many runs, from which targets follow.
_DECIDES: Mapping[str, Callable[[dict[str, Any]], list[Target]]] = {
    "quality": quality_targets,
    "modalities": lambda kept: warm_targets(with_ids(kept)),
    "cold": cold_targets,
    "pipeline": pipeline_targets,
}


def main() -> None:
    write_page()
    console = Console(highlight=False, soft_wrap=True)
    for row in targets():
        console.print(row["text"], markup=False)
    console.print(f"wrote {PAGE}")


def write_page() -> None:
    """Write the page from what there is; chapters without results are left out."""
    parts = [
        "# Benchmarks\n",
        "Written by `make bench` (`benchmarks/page.py`) from `benchmarks/results/`; do not edit. Peers run in "
        "environments of their own at pinned versions, on the same data and machine, alternating with Regard in "
        "the same run.\n",
        _target_table(),
    ]
    chapters: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
        ("training_speed", _training),
        ("recommending", _recommending),
        ("topk", _topk),
        ("catalogues", _catalogues),
        ("long_histories", _long_histories),
        ("logs", _logs),
        ("curve", _curve),
        ("quality", chapter),
        ("ablation", ablation_chapter),
        ("study", study_chapter),
        ("modalities", lambda kept: warm_chapter(with_ids(kept))),
        ("cold", cold_chapter),
        ("content", cost_chapter),
        ("ctr", ranking_chapter),
        ("impressions", impressions_chapter),
        ("selection", selection_chapter),
        ("pipeline", pipeline_chapter),
        ("diversity", diversity_chapter),
        ("serve_load", load_chapter),
        ("serve_many", many_chapter),
        ("serve_append", append_chapter),
        ("serve_faults", faults_chapter),
        ("warm_start", going_on_chapter),
    )
    for name, write in chapters:
        result = read(name) or (read("training_speed_quick") if name == "training_speed" else None)
        if result is not None:
            parts.append(write(result))
            if name not in _DECIDES:  # their chapters say it themselves
                parts.append(_where(result["environment"]))
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(parts), encoding="utf-8")


def targets(*, prefer_quick: bool = False) -> list[dict[str, Any]]:
    """Return every target of every result: its ``text``, ``met`` and the name of the result.

    Parameters
    ----------
    prefer_quick
        Which one to take where there is a result of a quick run and one of a full run.
    """
    found = []
    for name in sorted({path.stem.removesuffix("_quick") for path in RESULTS.glob("*.json")}):
        full, quick = read(name), read(f"{name}_quick")
        result = (quick or full) if prefer_quick else (full or quick)
        assert result is not None
        made = (
            _DECIDES[name](result)
            if name in _DECIDES
            else [Target.from_json(one) for one in result.get("targets", [])]
        )
        found += [{"target": one, "text": str(one), "met": one.met, "file": name} for one in made]
    return found


def _target_table() -> str:
    rows = targets()
    met = sum(row["met"] for row in rows)
    out = [
        "## Targets\n",
        f"{met} of {len(rows)} met.\n",
        "| target | goal | reached | |",
        "|---|---|---|---|",
    ]
    for row in rows:
        one = row["target"]
        bound = "at most" if one.lower_is_better else "at least"
        verdict = "met" if one.met else "**missed**"
        unit = f" {one.unit}" if one.unit else ""
        out.append(f"| {one.name} | {bound} {one.goal:g}{unit} | {one.value:.4g}{unit} | {verdict} |")
    return "\n".join(out) + "\n"


def _training(result: dict[str, Any]) -> str:
    steps = "whole epochs" if result["whole_epochs"] else "a few steps of each"
    out = [
        "## Training\n",
        f"{result['data']}, SASRec's shape: width 128, 2 blocks, 2 heads, feed-forward width 128, histories of 200, "
        f"full softmax, batches of 128 x 200; {steps}, the first three left out. An event counts when it is a "
        "target. Peak memory is that of the whole process. RecTools trains in float32, as documented; *bfloat16* "
        "gives it mixed precision, which it does not document; *flat* is its bare network for large logs in a "
        "plain loop, with a feed-forward network four times as wide. RecBole makes a sample of every target with "
        "its whole history, so that a history is read once for each of its events.\n",
        "| system | events per second | per core second | peak memory |",
        "|---|---|---|---|",
    ]
    for name, of in result["systems"].items():
        out.append(
            f"| {name} | {of['spread']} | {of['events_per_core_second']:,.0f} | {of['peak_gb']:.2f} GB |"
        )
    out += [f"\nNot measured: {name}: {reason.splitlines()[-1]}" for name, reason in result["failed"].items()]
    matrix = result["gflops_matrix"]
    out.append(
        f"\nCounted from the model's formulas, a target costs {result['mflop_per_event']:.2f} MFLOP in training, so "
        f"Regard reaches {result['gflops_reached']:.0f} GFLOP/s; products of matrices of the same sizes reach "
        f"{matrix['bfloat16']:.0f} in bfloat16 and {matrix['float32']:.0f} in float32 on this machine.\n"
    )
    return "\n".join(out)


def _recommending(result: dict[str, Any]) -> str:
    out = [
        "## Recommending\n",
        f"{result['data']}, {result['users']:,} users, {result['k']} items each, seen ones left out; medians. For "
        "the peers, making the data set or file of an unseen history is left out. The bare forward pass of RePlay "
        "takes tensors and returns numbers: no ids, no data set.\n",
        "| system | all users | users per second | one unseen history | one known user | bare forward pass |",
        "|---|---|---|---|---|---|",
    ]
    for name, of in result["systems"].items():
        known, bare = (f"{1000 * of[one]:.2f} ms" if one in of else "" for one in ("known", "unseen_forward"))
        unseen = f"{1000 * of['unseen']:.2f} ms"
        speed = f"{of['everyone']:.2f} s | {of['users_per_second']:,.0f}"
        out.append(f"| {name} | {speed} | {unseen} | {known} | {bare} |")
    return "\n".join(out) + "\n"


def _topk(result: dict[str, Any]) -> str:
    out = [
        "## Top-k of large catalogues\n",
        "Ten items of width 128 for one user and for a batch; milliseconds, the best of several rounds that "
        "alternate. *read* is the time to read the table once, which no exact search can beat.\n",
    ]
    for one in result["results"]:
        batches = [name for name in one if name.startswith("users ")]
        ways = [name for name in one[batches[0]] if name != "same lists"]
        read_once = ", ".join(f"{kind} {value:.3g} ms" for kind, value in one["read"].items())
        out += [
            f"### {one['items']:,} items, {one['vectors']} vectors\n",
            f"Reading the table once: {read_once}.\n",
            "| | " + " | ".join(ways) + " |",
            "|---" * (len(ways) + 1) + "|",
        ]
        for name in batches:
            count = int(name.removeprefix("users "))
            times = " | ".join(f"{one[name][way]:.3g} ms" for way in ways)
            out.append(f"| {count} {'user' if count == 1 else 'users'} | {times} |")
        same = all(one[name]["same lists"] for name in batches)
        note = "Both exact ways give the same lists." if same else "**The exact ways give different lists.**"
        if "recall@10" in one:
            note += f" The index finds {one['recall@10']:.1%} of the exact ten; it is built in {one['build seconds']:.0f} s."
        out.append(f"\n{note}\n")
    return "\n".join(out)


def _logs(result: dict[str, Any]) -> str:
    out = [
        "## Preparing logs\n",
        f"Generated Parquet files, {result['users']:,} users, {result['items']:,} items, rows in no order, prepared "
        "into a folder.\n",
        "| events | ids | seconds | events per second | peak memory |",
        "|---|---|---|---|---|",
    ]
    for run in result["runs"]:
        speed = f"{run['seconds']:.1f} | {run['events_per_second']:,.0f} | {run['peak_gb']:.2f} GB"
        out.append(f"| {run['events']:,} | {run['ids']} | {speed} |")
    if "ml_1m" in result:
        out.append(f"\nML-1M from gzipped text: {result['ml_1m']['spread']} s.")
    return "\n".join(out) + "\n"


def _catalogues(result: dict[str, Any]) -> str:
    for kind, unit in (("peak_gb", "peak memory, GB"), ("events_per_second", "events per second")):
        drawn = [{"series": one["loss"], "x": one["items"], "y": one[kind]} for one in result["curve"]]
        path = IMAGES / f"catalogues_{kind}.svg"
        lines(drawn, path, x=Axis("items", log=True), y=Axis(unit), own="sampled")
    out = [
        "## Catalogues of growing size\n",
        f"{result['what']}. Peak memory is that of the process, log and imports included.\n",
        "![Peak memory against catalogue size](images/catalogues_peak_gb.svg)",
        "![Events per second against catalogue size](images/catalogues_events_per_second.svg)\n",
        "| items | softmax | width | events per second | peak memory |",
        "|---|---|---|---|---|",
    ]
    for one in result["curve"] + result.get("wider", []):
        out.append(
            f"| {one['items']:,} | {one['loss']} | {one['width']} | {one['events_per_second']:,.0f} | "
            f"{one['peak_gb']:.2f} GB |"
        )
    return "\n".join(out) + "\n"


def _long_histories(result: dict[str, Any]) -> str:
    drawn = [
        {"series": one["attention"], "x": one["length"], "y": one["events_per_second"]}
        for one in result["curve"]
    ]
    path = IMAGES / "long_histories.svg"
    lines(
        drawn,
        path,
        x=Axis("events in a history", log=True, form=",d"),
        y=Axis("events per second"),
        own="windowed",
    )
    out = [
        "## Long histories\n",
        f"{result['what']}. Windowed against full attention.\n",
        "![Events per second against the length of histories](images/long_histories.svg)\n",
        "| events in a history | attention | events per second | peak memory |",
        "|---|---|---|---|",
    ]
    for one in result["curve"]:
        out.append(
            f"| {one['length']:,} | {one['attention']} | {one['events_per_second']:,.0f} | {one['peak_gb']:.2f} GB |"
        )
    return "\n".join(out) + "\n"


def _curve(result: dict[str, Any]) -> str:
    drawn = [
        {
            "series": point["system"] + (" (one core)" if point["threads"] == 1 else ""),
            "x": point["seconds"] / 60,
            "y": point["ndcg"],
        }
        for point in result["points"]
    ]
    x, y = Axis("minutes of training", form="d"), Axis("NDCG@10", form=".2f", zero=False)
    lines(drawn, IMAGES / "quality_against_time.svg", x=x, y=y, own="regard", goal=0.180)
    return (
        "## Quality against training time\n\n"
        "ML-1M, leave-last-out, the target's time unknown, 2 cores where not said otherwise; on one core, minutes are those of "
        "the processor, beside other work. Each point of Regard is a training laid out "
        "for that time; those of RecTools are the epochs of one training. Networks speak alone. Dotted: 0.180.\n\n"
        "![NDCG@10 against minutes of training](images/quality_against_time.svg)\n"
    )


def _where(at: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in at["versions"].items())
    processor = " ".join(at[name] for name in ("processor", "instructions") if name in at)
    return (
        f"Measured on {at['date'][:10]} at commit {at['commit']}: {processor}, {at['threads']} threads, "
        f"Python {at['python']}, {versions}; load average before it was written {at['load_average']}.\n"
    )


if __name__ == "__main__":
    main()
