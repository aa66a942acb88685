"""Which settings are good? An Optuna study on validation, with pruning. Writes benchmarks/results/study.json.

    python benchmarks/study.py --data amazon-2014-beauty --split leave-last-out --trials 12 --minutes 60

The test is cut off first and never looked at: a trial trains on the earlier part of what is left and is
judged by NDCG@10 on the rest, epoch by epoch, on the path that serves. Trials that lag behind the median of
the others are stopped. A study goes on where it was left: trials are kept one by one.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import optuna
import torch
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import environment, keep, read
from benchmarks.tasks import Task
from regard.config import RunOptions
from regard.recipes.book import recipe_for
from regard.train.blending import BlendConfig
from regard.train.fitting import FitConfig, Watch, fit_model
from regard.train.hooks import EpochDone, Silent
from regard.train.memories import MemoryConfig

SPACE: dict[str, list[Any]] = {
    "shape.width": [64, 128],
    "shape.blocks": [1, 2],
    "shape.dropout": [0.2, 0.3, 0.4, 0.5],
    "shape.embedding_dropout": [0.0, 0.2, 0.4, 0.5],
    "shape.similarity": ["dot", "cosine"],
    "shape.gaps": [False, True],
    "train.learning_rate": [5e-4, 1e-3, 2e-3],
    "train.weight_decay": [0.0, 0.01, 0.1],
    "train.average": [0.0, 0.1, 0.2],
    "loader.batch_events": [512, 1024, 2048],
}


class Pruner(Silent):
    """Tells a trial its value after each epoch, and ends the training where that is enough."""

    def __init__(self, trial: optuna.Trial) -> None:
        self.trial = trial

    def epoch(self, done: EpochDone) -> None:
        assert done.validation is not None
        self.trial.report(done.validation, done.epoch)
        if self.trial.should_prune():
            raise optuna.TrialPruned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="ml-100k", help="public name of a data set")
    parser.add_argument("--split", default="time")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    task = Task(data=arguments.data, split=arguments.split)
    ended = time.monotonic() + 60 * arguments.minutes
    console = Console(highlight=False, soft_wrap=True)
    study = _study(task)
    while len(study.trials) < arguments.trials and time.monotonic() < ended:
        trial = study.ask(_distributions())
        began = time.perf_counter()
        try:
            value, state = _value(task, trial), optuna.trial.TrialState.COMPLETE
        except optuna.TrialPruned:
            value, state = max(trial_values(trial)), optuna.trial.TrialState.PRUNED
        study.tell(trial, None if state is optuna.trial.TrialState.PRUNED else value, state)
        seconds = time.perf_counter() - began
        _keep(task, study.trials[-1], value=value, seconds=seconds)
        console.print(
            f"{task.key} trial {trial.number} {state.name.lower()} {value:.4f} {seconds:.0f} s {trial.params}"
        )


def trial_values(trial: optuna.Trial) -> list[float]:
    """Return what a trial has reported, epoch by epoch."""
    return list(trial.study.trials[trial.number].intermediate_values.values())


def _value(task: Task, trial: optuna.Trial) -> float:
    config = recipe_for("sequential", task.held.train, settings=trial.params)
    searching = FitConfig.from_json({**config.to_json(), "refit": False})
    fitted = fit_model(
        task.held.train,
        searching.changed(blend=BlendConfig(memory=MemoryConfig(kinds=()), trend=False)),
        split=_split(task),
        options=RunOptions(seed=0),
        watch=Watch(hooks=lambda title, epochs: [Pruner(trial)]),
    )
    assert fitted.search is not None
    assert fitted.search.best is not None
    return fitted.search.best


def _split(task: Task) -> Any:
    from regard.data.split import SplitSpec

    return SplitSpec.parse(task.split)


def _distributions() -> dict[str, optuna.distributions.BaseDistribution]:
    return {name: optuna.distributions.CategoricalDistribution(choices) for name, choices in SPACE.items()}


def _study(task: Task) -> optuna.Study:
    """Return a study that knows the trials that were kept."""
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=0, multivariate=True),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=4),
    )
    for kept in (read("study") or {}).get("tasks", {}).get(task.key, []):
        state = optuna.trial.TrialState[kept["state"]]
        study.add_trial(
            optuna.trial.create_trial(
                state=state,
                params=kept["settings"],
                distributions=_distributions(),
                value=kept["value"] if state is optuna.trial.TrialState.COMPLETE else None,
                intermediate_values=dict(enumerate(kept["epochs"], 1)),
            )
        )
    return study


def _keep(task: Task, trial: optuna.trial.FrozenTrial, *, value: float, seconds: float) -> None:
    """Add a trial to the file, best first."""
    document = read("study") or {"tasks": {}}
    kept = document["tasks"].setdefault(task.key, [])
    kept.append(
        {
            "value": value,
            "state": trial.state.name,
            "seconds": round(seconds, 1),
            "settings": trial.params,
            "epochs": [round(number, 5) for number in trial.intermediate_values.values()],
        }
    )
    kept.sort(key=lambda one: -one["value"])
    keep("study", {**document, "space": SPACE, "environment": environment()})


if __name__ == "__main__":
    main()
