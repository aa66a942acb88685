"""RecTools 0.19: SASRecModel, as its guide on advanced training uses it; runs in its own environment.

Its model trains on the latest ``session_max_len`` events of each user. Histories to continue are given to
`recommend` as a data set of their own, its documented way for users that training did not know.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import torch
from pytorch_lightning import Callback, Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel
from torch import get_num_threads

from benchmarks.peers.clock import make_clock, make_watcher, seconds_of
from benchmarks.peers.exchange import Log, Questions, ndcg, write_lists

__all__ = ["curve", "export", "quality", "recommending", "speed"]


def speed(job: dict[str, Any]) -> dict[str, Any]:
    """Train for a number of steps; return events per second after the warm-up."""
    seed_everything(job["seed"])
    clock = make_clock(Callback, lambda batch: int((batch["y"] != 0).sum()))
    model = _model(
        job["settings"], epochs=1, callbacks=[clock], steps=job["steps"], precision=job.get("precision")
    )
    model.fit(_dataset(Log.read(job["log"])))
    return clock.speed(job["warmup"])


def recommending(job: dict[str, Any]) -> dict[str, Any]:
    """Time lists for all users of the log, for one known user, and for one unseen history at a time."""
    seed_everything(job["seed"])
    log, questions = Log.read(job["log"]), Questions.read(job["questions"])
    dataset = _dataset(log)
    model = _model(job["settings"], epochs=1, callbacks=[], steps=2)
    model.fit(dataset)
    began = time.perf_counter()
    found = model.recommend(users=np.unique(log.user), dataset=dataset, k=job["k"], filter_viewed=True)
    everyone = time.perf_counter() - began
    assert found[Columns.User].nunique() == len(np.unique(log.user))
    known = []
    for user in np.unique(log.user)[: job["singles"]]:
        began = time.perf_counter()
        model.recommend(users=[user], dataset=dataset, k=job["k"], filter_viewed=True)
        known.append(time.perf_counter() - began)
    unseen, with_dataset = [], []
    for number in range(job["singles"]):
        frame = _frame(questions.log, questions.log.user == number)
        frame[Columns.User] = 10_000_000
        began = time.perf_counter()
        alone = Dataset.construct(frame)
        built = time.perf_counter()
        model.recommend(users=[10_000_000], dataset=alone, k=job["k"], filter_viewed=True)
        unseen.append(time.perf_counter() - built)
        with_dataset.append(time.perf_counter() - began)
    return {
        "everyone": everyone,
        "known": float(np.median(known)),
        "unseen": float(np.median(unseen)),
        "unseen_with_dataset": float(np.median(with_dataset)),
    }


def quality(job: dict[str, Any]) -> dict[str, Any]:
    """Find the best number of epochs on validation, train that long on everything, write the lists."""
    search = _search(job)
    seed_everything(job["seed"])
    began = time.perf_counter()
    final = _model(job["settings"], epochs=search["best_epoch"], callbacks=[])
    final.fit(_dataset(Log.read(job["log"])))
    refit = time.perf_counter() - began
    questions = Questions.read(job["questions"])
    began = time.perf_counter()
    write_lists(job["lists"], _lists(final, _dataset(questions.log), len(questions), k=job["k"]))
    return {
        **search,
        "refit_seconds": refit,
        "list_seconds": time.perf_counter() - began,
    }


def export(job: dict[str, Any]) -> dict[str, Any]:
    """Train on everything and write the weights, with its own scores to hold a re-implementation to.

    ``job["epochs"]`` says how long; None: as long as is best on validation.
    """
    search = {"best_epoch": job["epochs"]} if job["epochs"] else _search(job)
    seed_everything(job["seed"])
    model = _model(job["settings"], epochs=search["best_epoch"], callbacks=[])
    model.fit(_dataset(Log.read(job["log"])))
    items = np.asarray(model.data_preparator.item_id_map.external_ids[1:], dtype=np.int64)
    network = model.torch_model.eval()
    with torch.inference_mode():
        table = network.item_model.get_all_embeddings().numpy()
    weights = {f"weight:{name}": value.numpy() for name, value in network.state_dict().items()}
    asked = Questions.read(job["questions"]).log
    found = model.recommend(
        users=np.arange(job["checked"]),
        dataset=_dataset(asked),
        k=len(items),
        filter_viewed=False,
        on_unsupported_targets="ignore",
    )
    checked = {
        "checked:user": found[Columns.User].to_numpy(dtype=np.int64),
        "checked:item": found[Columns.Item].to_numpy(dtype=np.int64),
        "checked:score": found[Columns.Score].to_numpy(dtype=np.float32),
    }
    lists = _lists(model, _dataset(asked), int(asked.user[-1]) + 1, k=job["k"])
    known = {"items": items, "table": table[1:], "epochs": np.int64(search["best_epoch"])}  # row 0 pads
    np.savez(job["weights"], lists=lists, **known, **weights, **checked)
    return search


def curve(job: dict[str, Any]) -> dict[str, Any]:
    """Train on everything and write the lists for the test after each epoch, until time is up."""
    seed_everything(job["seed"])
    questions = Questions.read(job["questions"])
    ask_on = _dataset(questions.log)

    def lists(module: Any) -> float:
        model.is_fitted = True
        number = len(watcher.history) + 1
        lists = _lists(model, ask_on, len(questions), k=job["k"])
        write_lists(f"{job['lists']}-{number}.npz", lists, seconds=watcher.seconds)
        return float(number)

    clock = seconds_of(get_num_threads())
    watcher = make_watcher(Callback, lists, patience=10**6, max_seconds=job["max_seconds"], clock=clock)
    model = _model(job["settings"], epochs=job["max_epochs"], callbacks=[watcher])
    model.fit(_dataset(Log.read(job["log"])))
    return {"seconds": [epoch["seconds"] for epoch in watcher.history]}


def _search(job: dict[str, Any]) -> dict[str, Any]:
    """Find the number of epochs that is best on validation."""
    seed_everything(job["seed"])
    asked = Questions.read(job["validation"])
    ask_on = _dataset(asked.log)

    def validate(module: Any) -> float:
        searched.is_fitted = True
        return ndcg(asked, _lists(searched, ask_on, len(asked), k=10))

    watcher = make_watcher(Callback, validate, patience=job["patience"], max_seconds=job["max_seconds"])
    searched = _model(job["settings"], epochs=job["max_epochs"], callbacks=[watcher])
    searched.fit(_dataset(Log.read(job["search"])))
    found: dict[str, Any] = watcher.found()
    return found


def _model(
    settings: dict[str, Any],
    *,
    epochs: int,
    callbacks: list[Any],
    steps: int | None = None,
    precision: str | None = None,
) -> SASRecModel:
    def trainer() -> Trainer:
        """Do what RecTools' own trainer does, and let the callbacks listen."""
        return Trainer(
            max_epochs=epochs,
            min_epochs=1,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
            devices=1,
            callbacks=callbacks,
            limit_train_batches=steps,
            precision=precision,
        )

    return SASRecModel(get_trainer_func=trainer, **settings)


def _lists(model: SASRecModel, dataset: Dataset, users: int, *, k: int) -> np.ndarray:
    """Return ``[U, k]`` item numbers; users of whom no item is known get none."""
    found = model.recommend(
        users=np.arange(users), dataset=dataset, k=k, filter_viewed=True, on_unsupported_targets="ignore"
    )
    lists = np.full((users, k), -1, dtype=np.int64)
    lists[found[Columns.User].to_numpy(), found[Columns.Rank].to_numpy() - 1] = found[Columns.Item].to_numpy()
    return lists


def _dataset(log: Log) -> Dataset:
    return Dataset.construct(_frame(log, slice(None)))


def _frame(log: Log, rows: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            Columns.User: log.user[rows].astype(np.int64),
            Columns.Item: log.item[rows].astype(np.int64),
            Columns.Weight: 1.0,
            Columns.Datetime: log.time[rows].astype("datetime64[us]"),
        }
    )
