"""How good is the default recipe, beside strong simple baselines? Writes docs/benchmarks.md.

    python benchmarks/quality.py --data ml-100k                       # finds the data by itself
    python benchmarks/quality.py --data ml-1m --source FOLDER --seeds 0

Every run is added to benchmarks/results/quality.json, and docs/benchmarks.md is written anew from all of
them. The whole catalogue is ranked, seen items are left out, settings of the baselines are tuned on a
validation cut of the training part, and the recipe is what `regard fit` does when nothing is set.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

import regard
from regard.api import Run, fit_dataset
from regard.config import RunOptions
from regard.data.prepare import prepare
from regard.data.sources.public import PublicData, get_ml_100k, read_public
from regard.data.split import SplitSpec, hold_out
from regard.evaluation.protocol import Evaluation
from regard.evaluation.report import Report
from regard.evaluation.significance import holm, paired_test

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "quality.json"
PAGE = ROOT / "docs" / "benchmarks.md"
METRICS = ("ndcg@5", "ndcg@10", "ndcg@20", "recall@10", "mrr@10")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="ml-100k", help="public name of a data set")
    parser.add_argument("--source", type=Path, help="folder of its original files; ml-100k is found without")
    parser.add_argument("--splits", nargs="+", default=["time", "leave-last-out"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--write-only", action="store_true", help="only write the page from the results")
    arguments = parser.parse_args()
    if not arguments.write_only:
        data = _data(arguments.data, arguments.source)
        for split in arguments.splits:
            result = measure(data, split, arguments.seeds)
            keep(result)
    write_page()


def _data(name: str, source: Path | None) -> PublicData:
    if source is not None:
        return read_public(name, source)
    return get_ml_100k(Path(tempfile.mkdtemp()))


def measure(data: PublicData, split: str, seeds: list[int]) -> dict[str, Any]:
    """Train with each seed, evaluate beside the baselines, and compare the mean over seeds user by user."""
    console = Console(highlight=False, soft_wrap=True)
    dataset = prepare(data.events, items=data.items, users=data.users).dataset
    reports: list[Report] = []
    models, seconds = [], []
    for seed in seeds:
        began = time.perf_counter()
        model = fit_dataset(dataset, split=split, run=Run(options=RunOptions(seed=seed)))
        seconds.append(time.perf_counter() - began)
        report = model.evaluate(baselines=seed == seeds[0])
        reports.append(report)
        models.append(model)
        console.print(
            f"{data.name} {split} seed {seed}: NDCG@10 {report.model.main.value:.4f}, "
            f"trained in {seconds[-1]:.0f} s, {model.blend.weights!r}"
        )
    systems = [_system([report.model for report in reports], "regard")]
    systems += [_system([one], one.name) for one in reports[0].evaluations[1:]]
    held = hold_out(dataset, SplitSpec.parse(split))
    return {
        "data": data.name,
        "counts": {"users": len(dataset.users), "items": len(dataset.items), "events": dataset.num_events},
        "split": str(SplitSpec.parse(split)),
        "queries": len(held.queries),
        "unseen_targets": reports[0].model.unseen_targets,
        "seeds": seeds,
        "train_seconds": seconds,
        "config": models[0].config.to_json(),
        "blend": [model.blend.weights.to_json() for model in models],
        "systems": systems,
        "comparisons": _compare([report.model for report in reports], list(reports[0].evaluations[1:])),
        "environment": _environment(),
    }


def _system(runs: list[Evaluation], name: str) -> dict[str, Any]:
    main = np.mean([run.per_user["ndcg@10"].to_numpy() for run in runs], axis=0)
    rng = np.random.default_rng(0)
    means = main[rng.integers(len(main), size=(2000, len(main)))].mean(1)
    return {
        "name": name,
        "metrics": {metric: float(np.mean([run.metric(metric).value for run in runs])) for metric in METRICS},
        "by_seed": [run.main.value for run in runs],
        "low": float(np.quantile(means, 0.025)),
        "high": float(np.quantile(means, 0.975)),
        "coverage": float(np.mean([run.beyond.coverage for run in runs])),
    }


def _compare(runs: list[Evaluation], baselines: list[Evaluation]) -> list[dict[str, Any]]:
    """Test the mean over seeds against each baseline, user by user."""
    own = np.mean([run.per_user["ndcg@10"].to_numpy() for run in runs], axis=0)
    tests = [
        paired_test(own, one.per_user["ndcg@10"].to_numpy(), confidence=0.95, seed=0) for one in baselines
    ]
    adjusted = holm(np.array([test.p_value for test in tests]))
    return [
        {
            "baseline": one.name,
            "difference": test.difference.value,
            "low": test.difference.low,
            "high": test.difference.high,
            "p_adjusted": float(p),
        }
        for one, test, p in zip(baselines, tests, adjusted, strict=True)
    ]


def _environment() -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit,
        "regard": regard.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "processor": torch.cpu.get_capabilities().get("cpu_name", platform.machine()),
        "threads": torch.get_num_threads(),
    }


def keep(result: dict[str, Any]) -> None:
    """Add a result; it replaces an older one of the same data and split."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    old = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    old = [one for one in old if (one["data"], one["split"]) != (result["data"], result["split"])]
    RESULTS.write_text(json.dumps([*old, result], indent=1) + "\n")


def write_page() -> None:
    """Write docs/benchmarks.md from the results."""
    parts = [
        "# Benchmarks\n\n"
        "Written by `benchmarks/quality.py`; do not edit. The whole catalogue is ranked, seen items are left "
        "out, there are no sampled metrics. *regard* is what `regard fit` does when nothing is set; its "
        "numbers are means over seeds. Intervals are bootstrap intervals over users (95 %), p-values those of "
        "a paired sign-flip test of the mean over seeds, after Holm's correction. Baselines choose their "
        "settings on a validation cut of the training part.\n"
    ]
    parts += [_chapter(result) for result in json.loads(RESULTS.read_text())]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(parts))


def _chapter(result: dict[str, Any]) -> str:
    counts, environment = result["counts"], result["environment"]
    tests = {one["baseline"]: one for one in result["comparisons"]}
    lines = [
        f"## {result['data']}, split {result['split']}\n",
        f"{counts['events']:,} events, {counts['users']:,} users, {counts['items']:,} items; "
        f"{result['queries']:,} queries, one target each, of which {result['unseen_targets']:,} are items that "
        f"training never saw (misses for all). Seeds {', '.join(map(str, result['seeds']))}; trained in "
        f"{' / '.join(f'{s:.0f}' for s in result['train_seconds'])} s.\n",
        "| system | NDCG@10 | 95 % interval | by seed | Recall@10 | MRR@10 | coverage | regard minus it | p |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for system in result["systems"]:
        values, test = system["metrics"], tests.get(system["name"])
        seeds = " ".join(f"{value:.4f}" for value in system["by_seed"]) if len(system["by_seed"]) > 1 else ""
        difference = (
            "" if test is None else (f"{test['difference']:+.4f} [{test['low']:+.4f}, {test['high']:+.4f}]")
        )
        p = "" if test is None else f"{test['p_adjusted']:.3f}"
        lines.append(
            f"| {system['name']} | {values['ndcg@10']:.4f} | {system['low']:.4f} to {system['high']:.4f} | "
            f"{seeds} | {values['recall@10']:.4f} | {values['mrr@10']:.4f} | {system['coverage']:.0%} | "
            f"{difference} | {p} |"
        )
    lines.append(
        f"\nMeasured on {environment['date']} at commit {environment['commit']}: torch {environment['torch']}, "
        f"Python {environment['python']}, {environment['processor']}, {environment['threads']} threads.\n"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
