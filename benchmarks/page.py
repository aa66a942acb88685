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
from benchmarks.defaults_page import defaults_chapter
from benchmarks.diversity_page import chapter as diversity_chapter
from benchmarks.impressions_page import chapter as impressions_chapter
from benchmarks.levers_page import ablation_chapter, levers_chapter, study_chapter
from benchmarks.misses_page import misses_chapter
from benchmarks.pipeline_page import chapter as pipeline_chapter
from benchmarks.pipeline_page import targets as pipeline_targets
from benchmarks.plots import Axis, lines
from benchmarks.quality_page import chapter, quality_targets
from benchmarks.selection_page import chapter as selection_chapter
from benchmarks.serve_page import append_chapter, faults_chapter, going_on_chapter, load_chapter, many_chapter
from benchmarks.speed_page import IMAGES, curve_chapter, recommending_chapter, topk_chapter, training_chapter

PAGE = ROOT / "docs" / "benchmarks.md"
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
        misses_chapter([row["target"] for row in targets()]),
    ]
    chapters: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
        ("training_speed", training_chapter),
        ("recommending", recommending_chapter),
        ("topk", topk_chapter),
        ("catalogues", _catalogues),
        ("long_histories", _long_histories),
        ("logs", _logs),
        ("curve", curve_chapter),
        ("quality", chapter),
        ("ablation", ablation_chapter),
        ("ablation", defaults_chapter),
        ("levers", levers_chapter),
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


def _where(at: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in at["versions"].items())
    processor = " ".join(at[name] for name in ("processor", "instructions") if name in at)
    return (
        f"Measured on {at['date'][:10]} at commit {at['commit']}: {processor}, {at['threads']} threads, "
        f"Python {at['python']}, {versions}; load average before it was written {at['load_average']}.\n"
    )


if __name__ == "__main__":
    main()
