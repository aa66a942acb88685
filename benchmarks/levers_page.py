"""The chapters of the page on what each choice of the recipe is worth, and what a search of settings found."""

from __future__ import annotations

from statistics import mean
from typing import Any

__all__ = ["ablation_chapter", "study_chapter"]


def ablation_chapter(result: dict[str, Any]) -> str:
    """Write what the recipe loses without each of its choices."""
    out = [
        "## What each choice of the recipe is worth\n",
        "The recipe with one choice undone, judged on validation, never on the test: NDCG@10 of what is served, and "
        "of the network alone. Differences of one seed below about a tenth are noise on the small logs.\n",
    ]
    for key, task in result["tasks"].items():
        whole = mean(task["rows"][0]["ndcg@10"])
        out += [
            f"### {key}, seeds {', '.join(map(str, task['seeds']))}\n",
            "| | served | against the recipe | network alone | seconds |",
            "|---|---|---|---|---|",
        ]
        for row in task["rows"]:
            served = mean(row["ndcg@10"])
            out.append(
                f"| {row['name']} | {served:.4f} | {served / whole - 1:+.1%} | {mean(row['model_alone']):.4f} | "
                f"{row['seconds']:.0f} |"
            )
        out.append("")
    return "\n".join(out)


def study_chapter(result: dict[str, Any]) -> str:
    """Write the best trials of each study beside the number of all."""
    out = [
        "## A search of settings\n",
        "`benchmarks/study.py`: Optuna's TPE with pruning by the median, on validation, of the network alone. The "
        "five best trials of each log; a setting on which the best agree is not the same as one that was shown to "
        "pay.\n",
    ]
    for key, trials in result["tasks"].items():
        pruned = sum(trial["state"] == "PRUNED" for trial in trials)
        minutes = sum(trial["seconds"] for trial in trials) / 60
        out += [
            f"### {key}: {len(trials)} trials, {pruned} pruned, {minutes:.0f} minutes\n",
            "| NDCG@10 | settings |",
            "|---|---|",
        ]
        for trial in trials[:5]:
            said = ", ".join(f"{name.split('.')[-1]} {value}" for name, value in trial["settings"].items())
            out.append(f"| {trial['value']:.4f} | {said} |")
        out.append("")
    return "\n".join(out)
