"""RePlay 0.22: SasRec of `replay.nn.sequential` with `ParquetModule`, as its example notebook uses it.

Runs in RePlay's own environment. The module reads the latest ``max_sequence_length + 1`` events of each user;
lists go through Lightning's `predict` and its top-items callback. The bare forward pass for one history is timed
too: tensors in, tensors out, no ids.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import polars as pl
import torch
from replay.data import FeatureHint, FeatureSource, FeatureType
from replay.data.nn import ParquetModule, TensorFeatureInfo, TensorFeatureSource, TensorSchema
from replay.nn.lightning import LightningModule
from replay.nn.lightning.callback import TorchTopItemsCallback
from replay.nn.lightning.optimizer import OptimizerFactory
from replay.nn.lightning.postprocessor import SeenItemsFilter
from replay.nn.sequential import SasRec
from replay.nn.transform.template import make_default_sasrec_transforms

from benchmarks.peers.clock import make_clock, make_watcher
from benchmarks.peers.exchange import Log, Questions, ndcg, write_lists

__all__ = ["quality", "recommending", "speed"]


def speed(job: dict[str, Any]) -> dict[str, Any]:
    """Train for a number of steps; return events per second after the warm-up."""
    L.seed_everything(job["seed"])
    log = Log.read(job["log"])
    clock = make_clock(L.Callback, lambda batch: int(batch["target_padding_mask"].sum()))
    peer = _Peer(job["settings"], items=job.get("items", int(log.item.max()) + 1))
    peer.fit(log, epochs=1, callbacks=[clock], steps=job["steps"])
    return clock.speed(job["warmup"])


def recommending(job: dict[str, Any]) -> dict[str, Any]:
    """Time lists for all users of the log and for one unseen history at a time."""
    L.seed_everything(job["seed"])
    log, questions = Log.read(job["log"]), Questions.read(job["questions"])
    peer = _Peer(job["settings"], items=int(log.item.max()) + 1)
    peer.fit(log, epochs=1, callbacks=[], steps=2)
    with tempfile.TemporaryDirectory() as folder:
        path = _write(folder, "everyone", log, known=np.unique(log.item))
        began = time.perf_counter()
        peer.predict(path, users=int(log.user.max()) + 1, k=job["k"])
        everyone = time.perf_counter() - began
    unseen, forward = [], []
    histories = questions.log.rows()[: job["singles"]]
    for number, items in enumerate(histories):
        alone = Log(user=np.zeros_like(items), item=items, time=np.zeros_like(items))
        with tempfile.TemporaryDirectory() as folder:
            path = _write(folder, str(number), alone, known=np.unique(log.item))
            began = time.perf_counter()
            peer.predict(path, users=1, k=job["k"])
            unseen.append(time.perf_counter() - began)
    peer.module.candidates_to_score = None
    peer.module.eval()
    for items in histories:
        began = time.perf_counter()
        peer.one(items, k=job["k"])
        forward.append(time.perf_counter() - began)
    return {
        "everyone": everyone,
        "unseen": float(np.median(unseen)),
        "unseen_forward": float(np.median(forward)),
    }


def quality(job: dict[str, Any]) -> dict[str, Any]:
    """Find the best number of epochs on validation, train that long on everything, write the lists."""
    log, asked = Log.read(job["log"]), Questions.read(job["validation"])
    questions = Questions.read(job["questions"])
    searched = _Peer(job["settings"], items=job["items"])
    with tempfile.TemporaryDirectory() as folder:
        search = Log.read(job["search"])
        ask_on = _write(folder, "validation", asked.log, known=np.unique(search.item))
        watcher = make_watcher(
            L.Callback,
            lambda module: ndcg(asked, searched.predict(ask_on, users=len(asked), k=10)),
            patience=job["patience"],
            max_seconds=job["max_seconds"],
        )
        L.seed_everything(job["seed"])
        searched.fit(search, epochs=job["max_epochs"], callbacks=[watcher])
        L.seed_everything(job["seed"])
        began = time.perf_counter()
        final = _Peer(job["settings"], items=job["items"])
        final.fit(log, epochs=watcher.best_epoch, callbacks=[])
        refit = time.perf_counter() - began
        path = _write(folder, "questions", questions.log, known=np.unique(log.item))
        began = time.perf_counter()
        write_lists(job["lists"], final.predict(path, users=len(questions), k=job["k"]))
    return {
        **watcher.found(),
        "refit_seconds": refit,
        "list_seconds": time.perf_counter() - began,
    }


class _Peer:
    """A model of RePlay with what reads its data."""

    def __init__(self, settings: dict[str, Any], *, items: int) -> None:
        self.settings, self.items = settings, items
        self.schema = TensorSchema(
            [
                TensorFeatureInfo(
                    "item_id",
                    is_seq=True,
                    feature_type=FeatureType.CATEGORICAL,
                    embedding_dim=settings["embedding_dim"],
                    padding_value=items,
                    cardinality=items,
                    feature_hint=FeatureHint.ITEM_ID,
                    feature_sources=[TensorFeatureSource(FeatureSource.INTERACTIONS, "item_id")],
                )
            ]
        )
        shape = {
            name: value for name, value in settings.items() if name not in ("batch_size", "learning_rate")
        }
        model = SasRec.from_params(schema=self.schema, **shape)
        optimizer = OptimizerFactory(learning_rate=settings.get("learning_rate", 1e-3))
        self.module = LightningModule(model, optimizer_factory=optimizer)

    @property
    def length(self) -> int:
        """Longest history that the model reads."""
        return int(self.settings["max_sequence_length"])

    def fit(self, log: Log, *, epochs: int, callbacks: list[Any], steps: int | None = None) -> None:
        """Train on the latest events of each user; only what is in the log is ever recommended."""
        self.module.candidates_to_score = torch.from_numpy(np.unique(log.item))
        with tempfile.TemporaryDirectory() as folder:
            data = ParquetModule(
                batch_size=self.settings["batch_size"],
                metadata={"train": {"user_id": {}, "item_id": self._column(self.length + 1)}},
                transforms=make_default_sasrec_transforms(self.schema),
                train_path=_write(folder, "train", log, known=np.unique(log.item)),
            )
            trainer = L.Trainer(
                max_epochs=epochs,
                limit_train_batches=steps,
                limit_val_batches=0,
                callbacks=callbacks,
                **_quiet(),
            )
            trainer.fit(self.module, datamodule=data)

    def predict(self, path: str, *, users: int, k: int) -> np.ndarray:
        """Return ``[U, k]`` item numbers for the histories of a file that `_write` wrote."""
        longest = int(pl.read_parquet(path)["seen_ids"].list.len().max())
        data = ParquetModule(
            batch_size=self.settings["batch_size"],
            metadata={
                "predict": {
                    "user_id": {},
                    "item_id": self._column(self.length),
                    "seen_ids": self._column(longest),
                }
            },
            transforms=make_default_sasrec_transforms(self.schema),
            predict_path=path,
        )
        top = TorchTopItemsCallback(
            top_k=k, query_column="user_id", postprocessors=[SeenItemsFilter(item_count=self.items)]
        )
        trainer = L.Trainer(callbacks=[top], inference_mode=True, **_quiet())
        # Validation predicts in the middle of a training: the module must go back to the trainer it has.
        outer = getattr(self.module, "_trainer", None)
        trainer.predict(self.module, datamodule=data, return_predictions=False)
        self.module._trainer = outer
        rows, items, scores = top.get_result()
        lists = np.full((users, k), -1, dtype=np.int64)
        lists[rows.numpy()] = np.where(np.isfinite(scores.numpy()), items.numpy(), -1)
        return lists

    @torch.inference_mode()
    def one(self, items: np.ndarray, *, k: int) -> np.ndarray:
        """Return the list for one history: a forward pass of its own length, the seen left out."""
        history = torch.from_numpy(items[-self.length :]).unsqueeze(0)
        batch = {
            "feature_tensors": {"item_id": history},
            "padding_mask": torch.ones_like(history, dtype=torch.bool),
        }
        logits = self.module(batch)["logits"][0]
        logits[torch.from_numpy(items)] = -torch.inf  # everything is a candidate here: numbers are places
        return logits.topk(k).indices.numpy()

    def _column(self, length: int) -> dict[str, int]:
        return {"shape": length, "padding": self.items}


def _write(folder: str, name: str, log: Log, *, known: np.ndarray) -> str:
    """Write the histories as the file that ParquetModule reads; return its path.

    Items that training does not know are not read, but count as seen; whoever did nothing else is left out.
    """
    events = pl.DataFrame({"user_id": log.user, "item_id": log.item, "known": np.isin(log.item, known)})
    rows = events.group_by("user_id", maintain_order=True).agg(
        pl.col("item_id").filter(pl.col("known")), seen_ids=pl.col("item_id")
    )
    path = str(Path(folder) / f"{name}.parquet")
    rows.filter(pl.col("item_id").list.len() > 0).write_parquet(path)
    return path


def _quiet() -> dict[str, Any]:
    return {
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "enable_checkpointing": False,
        "devices": 1,
    }
