"""The chapters on attributes, texts and pictures: what they are worth, cold items, and what they cost.

They read what `modalities.py`, `cold.py` and `content.py` keep. Every line of the first is compared with ids alone
on the same questions and seeds. Intervals are over questions: those of all seeds where each seed holds other
items out, else the means over seeds. It measures nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.common import Target
from benchmarks.ranks import ndcg_of, unpack, widened
from regard.evaluation.significance import Interval, PairedTest, bootstrap_interval, holm, paired_test

__all__ = ["cold_chapter", "cold_targets", "cost_chapter", "warm_chapter", "warm_targets"]

IDS, EVERYTHING, ITEM_KNN = "ids", "ids + all", "content-KNN"
# Recall@10 of cold items and how many there are, as published.
_LIGER = {"amazon-2014-beauty": (0.1008, 43), "amazon-2014-toys": (0.1306, 56)}
_NEAREST, _REDRAWN = "leave-last-out, latest 20 events", "5 % of items held out"

Runs = dict[int, dict[str, Any]]  # by seed


def warm_chapter(kept: dict[str, Any]) -> str:
    """Return the chapter on what each kind of content adds to ids, as Markdown."""
    parts = [
        "## Attributes, texts and pictures\n",
        "The default recipe on the same log and questions, each line with other columns of the same table of items. "
        "*Words* are a bag of words, *text* and *images* vectors of small encoders, computed once. The whole "
        "catalogue is ranked and seen items are left out. The difference is that to ids alone, user by user over "
        "the same seeds; its interval (95 %) is that of the bootstrap over users, widened by what differs between "
        "trainings where there are several; p is that of a paired sign-flip test over users, after Holm's "
        "correction. Training is the processor time of everything that `regard.fit` does, search and second pass "
        "included, as a multiple of ids alone; different lines may need another number of epochs.\n",
    ]
    for (data, split), arms in sorted(_arms(kept).items()):
        parts.append(_warm_table(data, split, arms))
    return "\n".join(parts) + "\n"


def warm_targets(kept: dict[str, Any]) -> list[Target]:
    """Return, for each task with both lines, whether everything together is worse than ids beyond the noise."""
    found = []
    for (data, split), arms in sorted(_arms(kept).items()):
        if IDS in arms and EVERYTHING in arms:
            test = _against(arms[EVERYTHING], arms[IDS])
            if test is not None:
                name = f"{data}, {split}: NDCG@10 of {EVERYTHING} minus ids, upper end of the interval"
                found.append(Target(name=name, value=test.difference.high, goal=0.0))
    return found


def _warm_table(data: str, split: str, arms: dict[str, Runs]) -> str:
    ids = arms.get(IDS)
    tests = {
        name: test
        for name, runs in arms.items()
        if ids is not None and name != IDS and (test := _against(runs, ids)) is not None
    }
    adjusted = holm(np.array([test.p_value for test in tests.values()])) if tests else np.empty(0)
    p_values = dict(zip(tests, adjusted.tolist(), strict=True))
    any_run = next(iter(next(iter(arms.values())).values()))
    lines = [
        f"### {data}, split {split}\n",
        f"{any_run['queries']:,} questions, {any_run['cold_targets']:,} of them for items without an event in "
        "training.\n",
        "| what the model reads | NDCG@10 | seeds | Recall@10 | minus ids | p | training | epochs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, runs in arms.items():
        values = [run["metrics"]["ndcg@10"] for run in runs.values()]
        recall = np.mean([run["metrics"]["recall@10"] for run in runs.values()])
        epochs = ", ".join(str(run["epochs"]) for run in runs.values())
        difference = p = ""
        if name in tests:
            gap = tests[name].difference
            difference = f"{gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
            p = f"{p_values[name]:.3f}"
        lines.append(
            f"| {name} | {np.mean(values):.4f} | {_each(values)} | {recall:.4f} | {difference} | {p} | "
            f"{_times(runs, ids)} | {epochs} |"
        )
    return "\n".join([*lines, "", _measured([run for runs in arms.values() for run in runs.values()])])


def _arms(kept: dict[str, Any]) -> dict[tuple[str, str], dict[str, Runs]]:
    """Return the runs by task, line and seed, in the order of measuring but ids first; of equal ones the latest."""
    found: dict[tuple[str, str], dict[str, Runs]] = defaultdict(lambda: defaultdict(dict))
    for run in sorted(kept["runs"], key=lambda run: run["arm"] != IDS):
        changed = f", {json.dumps(run['settings'])}" if run["settings"] else ""
        found[run["data"], run["split"]][run["arm"] + changed][run["seed"]] = run
    return found


def _against(runs: Runs, ids: Runs) -> PairedTest | None:
    """Compare the means over the seeds that both have; None if there are none."""
    seeds = sorted(set(runs) & set(ids))
    if not seeds:
        return None
    first, second = (
        np.stack([ndcg_of(unpack(one[seed]["ranks"]), k=10) for seed in seeds]) for one in (runs, ids)
    )
    test = paired_test(first.mean(axis=0), second.mean(axis=0), confidence=0.95, seed=0)
    of_seed_S = (first - second).mean(axis=1)
    return replace(test, difference=widened(test.difference, of_seed_S))


def _times(runs: Runs, ids: Runs | None) -> str:
    seeds = [seed for seed in sorted(set(runs) & set(ids or {})) if "processor_seconds" in (ids or {})[seed]]
    if ids is None or not seeds:
        return ""
    ratio = np.mean([runs[seed]["processor_seconds"] / ids[seed]["processor_seconds"] for seed in seeds])
    return f"{ratio:.2f}x"


def cold_chapter(kept: dict[str, Any]) -> str:
    """Return the chapter on items without a history, as Markdown."""
    parts = [
        "## Cold items\n",
        "Questions whose answer is an item that training has no event of. Training never hears of these items; "
        "they join the trained model by `add_items`, as new items of a shop do. *Among all*: the whole catalogue "
        "is ranked. *Among cold*: only the cold items are candidates. Ids alone are zero by construction and not "
        "trained: nothing was learned of the id of such an item. So is popularity, which lists no item without an "
        "event and leaves no ties to chance. *Network alone* leaves out what the default blends with it. Intervals "
        "are bootstrap intervals over questions (95 %), of all seeds together; content-KNN and popularity have one "
        "seed where the questions stay the same.\n",
    ]
    for (data, protocol), rows in sorted(_cold_rows(kept).items()):
        parts.append(_cold_table(data, protocol, rows))
    if any(data in _LIGER for data, _ in _cold_rows(kept)):
        parts.append(_beside_liger(kept))
    return "\n".join(parts) + "\n"


def _beside_liger(kept: dict[str, Any]) -> str:
    """Say what was published of cold items, and what differs from the nearest protocol here."""
    published = [f"{value:.4f} on {data} ({items} items)" for data, (value, items) in _LIGER.items()]
    counts = {
        run["data"]: run["cold_items"]
        for run in kept["runs"]
        if run["protocol"] == _NEAREST and run["data"] in _LIGER
    }
    same = all(_LIGER[data][1] == count for data, count in counts.items())
    counted = " and ".join(f"{count} ({data})" for data, count in sorted(counts.items()))
    nearest = (
        f"The nearest protocol here is *{_NEAREST}*: training has the latest 20 events of each history but the last "
        f"two, which leaves {counted} items cold, {'the same numbers' if same else 'other numbers'}. How they cut is "
        "not known here: this cut was chosen because it gives their counts of items without a training event, alone of "
        "lengths 17 to 22 and 50; counting targets of the test alone, lengths 18 and 19 would. "
        f"Recall@10 among all items there: {_nearest_figures(kept)}. "
        if counts
        else ""
    )
    return (
        f"LIGER (Yang et al., 2024) publishes recall@10 of cold items of {' and '.join(published)}. {nearest}"
        "There are so few of them that a handful of questions moves the figure; LIGER reads titles, brands, "
        "categories and prices through a text encoder, where here are numbers of attributes and a few machine-made "
        "key words; and how it lets cold items into its candidates is part of that model.\n"
    )


def _nearest_figures(kept: dict[str, Any]) -> str:
    return "; ".join(
        f"{data}: "
        + ", ".join(
            f"{name} {_cold_interval(rows[name], protocol, 'among_all', 'recall@10').value:.4f}"
            for name in rows
        )
        for (data, protocol), rows in sorted(_cold_rows(kept).items())
        if protocol == _NEAREST
    )


def cold_targets(kept: dict[str, Any]) -> list[Target]:
    """Return, for each task, the best learned line's recall@10 among all over that of the best content-KNN."""
    found = []
    for (data, protocol), rows in sorted(_cold_rows(kept).items()):
        means = {
            name: float(np.mean([one["found"]["among_all"]["recall@10"][0] for one in runs.values()]))
            for name, runs in rows.items()
        }
        knn = [value for name, value in means.items() if name.startswith(ITEM_KNN)]
        own = [
            value
            for name, value in means.items()
            if not name.startswith((ITEM_KNN, "popularity")) and "alone" not in name
        ]
        if knn and own and max(knn) > 0:
            name = f"{data}, {protocol}: recall@10 of cold items among all, over the best content-KNN's"
            found.append(Target(name=name, value=max(own) / max(knn), goal=1.0, unit="x"))
    return found


def _cold_rows(kept: dict[str, Any]) -> dict[tuple[str, str], dict[str, Runs]]:
    """Return what was found by task, line and seed."""
    rows: dict[tuple[str, str], dict[str, Runs]] = defaultdict(lambda: defaultdict(dict))
    for run in kept["runs"]:
        changed = f", {json.dumps(run['settings'])}" if run["settings"] else ""
        for name, found in run["found"].items():
            rows[run["data"], run["protocol"]][name + changed][run["seed"]] = {**run, "found": found}
    return rows


def _cold_table(data: str, protocol: str, rows: dict[str, Runs]) -> str:
    runs = [run for seeds in rows.values() for run in seeds.values()]
    cold = sorted({run["cold_items"] for run in runs})
    questions = sorted({run["queries"] for run in runs})
    chance = np.mean([min(1.0, 10 / run["cold_items"]) for run in runs])
    head = "| what recommends | recall@10 among all | NDCG@10 among all | recall@10 among cold | NDCG@10 among cold |"
    lines = [
        f"### {data}: {protocol}\n",
        f"{_range(cold)} cold items of {runs[0]['items']:,}, {_range(questions)} questions; chance among the cold "
        f"items: recall@10 {chance:.4f}.\n",
        head,
        "|---|---|---|---|---|",
    ]
    for name, seeds in rows.items():
        found = [
            _cold_interval(seeds, protocol, among, metric)
            for among in ("among_all", "among_cold")
            for metric in ("recall@10", "ndcg@10")
        ]
        cells = [f"{one.value:.4f} ({one.low:.4f} to {one.high:.4f})" for one in found]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", _measured(runs)])


def _cold_interval(seeds: Runs, protocol: str, among: str, metric: str) -> Interval:
    """Return a mean over questions and its interval, from the kept ranks of all seeds."""
    ranks = [unpack(run["found"][among]["ranks"]) for run in seeds.values()]
    each = [
        ndcg_of(rank_U, k=10) if metric == "ndcg@10" else ((rank_U > 0) & (rank_U <= 10)).astype(float)
        for rank_U in ranks
    ]
    values = np.concatenate(each) if protocol == _REDRAWN else np.stack(each).mean(axis=0)
    return bootstrap_interval(values, resamples=2000, confidence=0.95, seed=0)


def cost_chapter(result: dict[str, Any]) -> str:
    """Return the chapter on what content costs, as Markdown."""
    lines = [
        "## What content costs\n",
        "Encoding is paid once: vectors are kept. Training compares the same steps with all columns and with ids "
        "alone, in turns, vectors ready.\n",
        "| encoded | encoder | seconds | processor seconds | a second |",
        "|---|---|---|---|---|",
    ]
    for what in ("texts", "posters"):
        one = result[what]
        lines.append(
            f"| {one['values']:,} {what} | {one['encoder']} | {one['seconds']:.0f} | "
            f"{one['processor_seconds']:.0f} | {one['values'] / one['seconds']:.0f} |"
        )
    lines += [
        "\n| training on | ids alone | all columns | times the cost | columns |",
        "|---|---|---|---|---|",
    ]
    for name, one in result["training"].items():
        fields = ", ".join(f"{field} ({kind})" for field, kind in one["fields"].items())
        lines.append(f"| {name} | {one['ids']:,.0f} | {one['all']:,.0f} | {one['ratio']:.2f} | {fields} |")
    unit = next(iter(result["training"].values()))["unit"]
    return "\n".join([*lines, f"\nIn {unit}.\n"])


def _each(values: list[float]) -> str:
    return " ".join(f"{value:.4f}" for value in values) if len(values) > 1 else "1"


def _range(numbers: list[int]) -> str:
    return f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"


def _measured(runs: list[dict[str, Any]]) -> str:
    """Say when, at which commits and on what these runs were made."""
    days = sorted({run["environment"]["date"][:10] for run in runs})
    commits = sorted({run["environment"]["commit"] for run in runs})
    machines = sorted(set(_machines(runs)))
    return (
        f"Measured {' to '.join(dict.fromkeys((days[0], days[-1])))}, commits {', '.join(commits)}; "
        f"{'; '.join(machines)}.\n"
    )


def _machines(runs: list[dict[str, Any]]) -> Iterator[str]:
    for run in runs:
        where = run["environment"]
        threads = run["threads"] or where["threads"]
        yield f"{where['processor']}, {threads} thread{'s' if threads > 1 else ''}"
