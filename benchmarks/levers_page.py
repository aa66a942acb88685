"""The chapters of the page on what each choice of the recipe is worth, and what a search of settings found."""

from __future__ import annotations

from statistics import mean
from typing import Any

__all__ = ["ablation_chapter", "levers_chapter", "study_chapter"]

_RECIPE = "recipe"
# Runs of an arm by seed
_Runs = dict[int, dict[str, Any]]


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


def levers_chapter(result: dict[str, Any]) -> str:
    """Write what each lever of the field adds to the recipe, log by log, and which of them pay."""
    tasks: dict[str, dict[str, _Runs]] = {}
    for run in result["runs"]:
        tasks.setdefault(run["task"], {}).setdefault(run["arm"], {})[run["seed"]] = run
    out = [
        "## Levers that the field found\n",
        "`benchmarks/levers.py`: the recipe with one lever, judged on validation, never on the test: NDCG@10 of the "
        "network alone and of what is served, the mean over seeds. Differences are to the recipe of the same seeds, "
        "with the smallest and the largest; time is the processor's, of an epoch with its validation and of the whole "
        "search.\n",
    ]
    for key, arms in tasks.items():
        out += [
            f"### {key}\n",
            "| | seeds | network alone | against the recipe | served | against the recipe | epoch | search |",
            "|---|---|---|---|---|---|---|---|",
        ]
        out += [_lever_row(runs, arms[_RECIPE]) for runs in arms.values()]
        out.append("")
    return "\n".join([*out, _verdict(list(tasks.values())), ""])


def _lever_row(runs: _Runs, recipe: _Runs) -> str:
    seeds = sorted(runs)
    cells = [runs[seeds[0]]["said"], ", ".join(map(str, seeds))]
    for what in ("alone", "served"):
        each, gains = [runs[seed][what] for seed in seeds], _gains(runs, recipe, what)
        several = (
            f" ({', '.join(f'{value:.4f}' for value in each)})" if len(each) > 1 and what == "alone" else ""
        )
        spread = f" ({min(gains):+.1%} to {max(gains):+.1%})" if len(gains) > 1 else ""
        cells += [f"{mean(each):.4f}{several}", "" if runs is recipe else f"{mean(gains):+.1%}{spread}"]
    for what in ("epoch_seconds", "seconds"):
        cells.append(f"{1 + mean(_gains(runs, recipe, what)):.2f}")
    return f"| {' | '.join(cells)} |"


def _gains(runs: _Runs, recipe: _Runs, what: str) -> list[float]:
    """Return by how much of it a figure is above that of the recipe, seed by seed."""
    return [runs[seed][what] / recipe[seed][what] - 1 for seed in sorted(runs) if seed in recipe]


def _verdict(tasks: list[dict[str, _Runs]]) -> str:
    """Say which levers gain more, in the mean over the logs, than the seeds of the recipe lie apart."""
    if any(len(arms[_RECIPE]) < 2 for arms in tasks):
        return "With one seed of the recipe nothing can be said yet."
    of_seeds = [[run["alone"] for run in arms[_RECIPE].values()] for arms in tasks]
    apart = mean((max(each) - min(each)) / mean(each) for each in of_seeds)
    shared = [arm for arm in tasks[0] if arm != _RECIPE and all(arm in arms for arms in tasks)]
    said = []
    for arm in shared:
        alone, served = (
            mean(mean(_gains(arms[arm], arms[_RECIPE], what)) for arms in tasks)
            for what in ("alone", "served")
        )
        if alone > apart:
            name = next(iter(tasks[0][arm].values()))["said"]
            said.append(f"{name} ({alone:+.1%} alone, {served:+.1%} served)")
    return (
        f"The seeds of the recipe lie {apart:.1%} apart, network alone, in the mean over the logs. What gains more than "
        f"that over the recipe, and so pays: {'; '.join(said) if said else 'none of them'}."
    )


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
