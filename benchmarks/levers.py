"""Levers that the field found: do they pay in the recipe? On validation, one at a time. Writes levers.json.

    python benchmarks/levers.py                                                # two logs, three seeds: hours
    python benchmarks/levers.py --data ml-100k --seeds 0 --arms recipe gbce --threads 1

The test is cut off first and never looked at. An arm is the recipe with one lever, a prototype of
`lever_parts.py` or `lever_losses.py` that is swapped in where `fit_model` builds the model and the loss; all
else, seeds included, is as in the recipe. It is trained on the earlier part of what is left and judged by NDCG@10
on the rest, the network alone and with what is weighed beside it. The states of each trained network are checked
(`levers_checks.py`). Runs are kept as they come, and not made again.

Every arm, the recipe too, may go on for ten epochs without a better one. With four (``--patience 4``), seed 0 of the
recipe ends at 0.1115 on ML-100K where it would have reached 0.1237: whatever happens to stop later seems to pay.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import measure_once
from benchmarks.lever_losses import GBCE, ContrastiveModel, WithTerm
from benchmarks.lever_parts import GatedFeedModel, GatedModel, RelativeModel
from benchmarks.levers_checks import check_states
from benchmarks.tasks import Task
from regard.config import RunOptions
from regard.data.split import SplitSpec
from regard.losses.base import Loss
from regard.losses.choose import LossConfig, make_loss
from regard.models.causal import CausalConfig, CausalModel
from regard.models.context import ContextSpec
from regard.models.items import ItemFeatures
from regard.recipes.book import recipe_for
from regard.train import fitting
from regard.train.fitting import FitConfig, Watch, fit_model
from regard.train.hooks import EpochDone, Silent


@dataclass(frozen=True)
class Lever:
    """What is changed in the recipe.

    Parameters
    ----------
    said
        In words.
    model
        In place of the causal model.
    loss
        Makes the loss from the usual one, the model and the number of items.
    settings
        Changes to the recipe's settings.
    """

    said: str
    model: type[CausalModel] = CausalModel
    loss: Callable[[Loss, Any, int], Loss] = lambda usual, model, items: usual
    settings: dict[str, Any] = field(default_factory=dict)


LEVERS = {
    "recipe": Lever("the recipe"),
    "gbce": Lever(
        "gBCE, t = 0.75, 256 negatives of each position", loss=lambda usual, model, items: GBCE(items)
    ),
    "relative": Lever("relative bias of place and time", RelativeModel),
    "relative-only": Lever(
        "relative bias instead of gaps of time", RelativeModel, settings={"shape.gaps": False}
    ),
    "swiglu": Lever("gated feed-forward network (SwiGLU)", GatedFeedModel),
    "ligr": Lever("gated feed-forward network and residuals (LiGR)", GatedModel),
    "duorec": Lever(
        "contrastive term of two readings (DuoRec)",
        ContrastiveModel,
        loss=lambda usual, model, items: WithTerm(usual, model),
    ),
    # The one that became an option: its runs of 2026-12-01 are those of the prototype that it was.
    "bsarec": Lever("filter of frequencies, made causal (BSARec)", settings={"shape.filter_share": 0.3}),
}


class Clock(Silent):
    """Notes the processor's time after each epoch."""

    def __init__(self) -> None:
        self.began, self.spent = time.process_time(), 0.0

    def epoch(self, done: EpochDone) -> None:
        """Note it."""
        self.spent = time.process_time() - self.began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", nargs="+", default=["ml-100k", "hackernews"])
    parser.add_argument("--split", default="leave-last-out")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--arms", nargs="+", default=list(LEVERS), choices=list(LEVERS))
    parser.add_argument("--patience", type=int, default=10, help="epochs without a better one")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="make runs again that are there")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)

    def say(text: str) -> None:
        console.print(text, markup=False)

    for seed in arguments.seeds:
        for data in arguments.data:
            for arm in arguments.arms:
                task = Task(data, arguments.split)
                job = {"task": task.key, "data": data, "split": arguments.split, "arm": arm, "seed": seed}
                job |= {"patience": arguments.patience, "threads": arguments.threads}
                key = f"{task.key}@{arm}@{seed}@{arguments.patience}"
                made = measure_once("levers", key, job, script=__file__, again=arguments.again, say=say)
                if made is not None:
                    say(
                        f"{key}: alone {made['alone']:.4f}, served {made['served']:.4f}, {made['seconds']:.0f} s"
                    )


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train an arm with a seed; return what validation says. For a process of its own."""
    torch.set_num_threads(job["threads"])
    task, lever = Task(job["data"], job["split"]), LEVERS[job["arm"]]
    train = task.held.train
    # The filter beside attention is one of the levers: here the recipe does without
    settings = {
        "shape.filter_share": 0.0,
        **lever.settings,
        "train.patience": job["patience"],
        "refit": False,
    }
    config = recipe_for("sequential", train, settings=settings)
    assert isinstance(config, FitConfig)
    began, clock = time.process_time(), Clock()
    with pulled(lever):
        fitted = fit_model(
            train,
            config,
            split=SplitSpec.parse(task.split),
            options=RunOptions(seed=job["seed"]),
            watch=Watch(hooks=lambda title, epochs: [clock]),
        )
    spent, search = time.process_time() - began, fitted.search
    assert search is not None
    assert type(fitted.model) is lever.model
    return {
        "said": lever.said,
        "alone": round(search.best or 0.0, 5),
        "served": round(fitted.validation or 0.0, 5),
        "blend": fitted.blend.weights.to_json(),
        "epochs": search.epochs,
        "best_epoch": search.best_epoch,
        "curve": [round(float(str(epoch["validation"])), 5) for epoch in search.history],
        "seconds": round(spent, 1),
        "epoch_seconds": round(clock.spent / search.epochs, 2),
        "weights": sum(weight.numel() for weight in fitted.model.parameters()),
        "off": check_states(fitted.model, train.histories),
    }


@contextmanager
def pulled(lever: Lever) -> Iterator[None]:
    """Let `fit_model` build the model and the loss of a lever in place of the usual ones."""
    built: list[CausalModel] = []

    def build(
        name: str,
        settings: dict[str, Any],
        *,
        num_items: int,
        features: ItemFeatures | None = None,
        context: ContextSpec | None = None,
    ) -> CausalModel:
        shape = CausalConfig.from_json(settings)
        built.append(lever.model(shape, num_items=num_items, features=features, context=context))
        return built[-1]

    def loss(config: LossConfig, counts_V: np.ndarray) -> Loss:
        return lever.loss(make_loss(config, counts_V), built[-1], len(counts_V))

    with patch.object(fitting, "build", build), patch.object(fitting, "make_loss", loss):
        yield


if __name__ == "__main__":
    main()
