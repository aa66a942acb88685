"""RecBole 1.2: SASRec, timed only; runs in its own environment, with the older NumPy and pandas that it needs.

RecBole makes a sample of its own of every event, with the history before it: a step learns from as many
targets as it has samples, and reads each history once for each of them. That is its documented way.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from logging import getLogger
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.model.sequential_recommender import SASRec
from recbole.utils import get_trainer, init_seed

from benchmarks.peers.clock import speed_of
from benchmarks.peers.exchange import Log

__all__ = ["speed"]


class _EnoughError(Exception):
    """Ends a training after the steps that are measured."""


class _Timed(SASRec):  # type: ignore[misc]
    """SASRec that notes when each step began and how many targets it had."""

    steps: int
    begins: list[float]
    cores: list[float]
    targets: list[int]

    def calculate_loss(self, interaction: Any) -> torch.Tensor:
        """Note the step, and compute what RecBole computes."""
        self.begins.append(time.perf_counter())
        self.cores.append(time.process_time())
        if len(self.begins) > self.steps:
            raise _EnoughError
        self.targets.append(len(interaction))
        loss: torch.Tensor = super().calculate_loss(interaction)
        return loss


def speed(job: dict[str, Any]) -> dict[str, Any]:
    """Train for a number of steps; return events per second after the warm-up."""
    log = Log.read(job["log"])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "log").mkdir()
        frame = pd.DataFrame(
            {"user_id:token": log.user, "item_id:token": log.item, "timestamp:float": log.time / 1e6}
        )
        frame.to_csv(Path(folder) / "log" / "log.inter", sep="\t", index=False)
        config = Config(model="SASRec", dataset="log", config_dict=_settings(job, folder))
        init_seed(config["seed"], config["reproducibility"])
        getLogger().setLevel("ERROR")
        train, _, _ = data_preparation(config, create_dataset(config))
        model = _Timed(config, train.dataset)
        model.steps, model.begins, model.cores, model.targets = job["steps"], [], [], []
        with contextlib.suppress(_EnoughError):
            get_trainer(config["MODEL_TYPE"], config["model"])(config, model).fit(train, saved=False)
    warmup = job["warmup"]
    return speed_of(model.begins[warmup:], model.cores[warmup:], model.targets[warmup:])


def _settings(job: dict[str, Any], folder: str) -> dict[str, Any]:
    return {
        **job["settings"],
        "data_path": folder,
        "checkpoint_dir": folder,
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "eval_args": {"split": {"LS": "valid_and_test"}, "order": "TO", "group_by": "user", "mode": "full"},
        "train_neg_sample_args": None,
        "loss_type": "CE",
        "epochs": 1,
        "seed": job["seed"],
        "use_gpu": False,
        "show_progress": False,
    }
