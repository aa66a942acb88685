"""The chapters of the page on what each choice of the recipe is worth, and what a search of settings found."""

from __future__ import annotations

from statistics import mean
from typing import Any

__all__ = ["ablation_chapter", "levers_chapter", "study_chapter"]

_RECIPE = "recipe"
_PATIENCE = 10  # of the runs that judge
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
    found: dict[tuple[str, int], dict[str, _Runs]] = {}
    for run in sorted(result["runs"], key=lambda one: -one["patience"]):
        arms = found.setdefault((run["task"], run["patience"]), {})
        arms.setdefault(run["arm"], {})[run["seed"]] = run
    out = [
        "## Levers that the field found\n",
        "`benchmarks/levers.py`: the recipe with one lever, judged on validation, never on the test: NDCG@10 of the "
        "network alone and of what is served, the mean over seeds. Differences are to the recipe of the same seeds, "
        "with the smallest and the largest; time is the processor's, of an epoch with its validation and of the whole "
        "search, as a multiple of the recipe's. Arms learn until ten epochs bring nothing better. Of those that wait for "
        "four, some end early by chance, the recipe among them, and what happens to end later looks like a gain: such "
        "runs are shown, and judge nothing.\n",
    ]
    for (task, patience), arms in found.items():
        out += [
            f"### {task}, {patience} epochs of patience\n",
            "| | seeds | network alone | against the recipe | served | against the recipe | epoch | search |",
            "|---|---|---|---|---|---|---|---|",
        ]
        ordered = sorted(arms.values(), key=lambda runs: runs is not arms[_RECIPE])
        out += [_lever_row(runs, arms[_RECIPE]) for runs in ordered]
        out.append("")
    long_enough = [arms for (_, patience), arms in found.items() if patience == _PATIENCE]
    judging = [arms for arms in long_enough if len(arms[_RECIPE]) > 1]
    return "\n".join([*out, _verdict(judging), ""])


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
    if not tasks:
        return "With one seed of the recipe nothing can be said yet."
    bars = {what: mean(_apart(arms[_RECIPE], what) for arms in tasks) for what in ("alone", "served")}
    said: dict[bool, list[str]] = {True: [], False: []}
    for arm, runs in tasks[0].items():
        if arm == _RECIPE or any(len(arms.get(arm, {})) < 2 for arms in tasks):
            continue
        gains = {what: mean(mean(_gains(arms[arm], arms[_RECIPE], what)) for arms in tasks) for what in bars}
        name = next(iter(runs.values()))["said"]
        pays = gains["alone"] > bars["alone"] and gains["served"] > 0
        said[pays].append(f"{name} ({gains['alone']:+.1%} alone, {gains['served']:+.1%} served)")
    return (
        f"The seeds of the recipe lie {bars['alone']:.1%} apart, network alone, and {bars['served']:.1%} served, in the "
        "mean over the logs with several seeds. A lever pays that gains more than that alone, and serves no worse. "
        f"Pays: {'; '.join(said[True]) or 'none'}. Does not: {'; '.join(said[False]) or 'none'}. The others have "
        "not been tried with several seeds on each log."
    )


def _apart(runs: _Runs, what: str) -> float:
    each = [run[what] for run in runs.values()]
    apart: float = (max(each) - min(each)) / mean(each)
    return apart


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
