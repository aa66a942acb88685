"""RecTools 0.19 behind FastAPI, as its users put it there: SASRecModel in memory, one process; in its environment.

A known user is recommended to from the data set that the model was trained on; a bare history, and a user who has
new events, from a data set of one user, which is RecTools' documented way. An event is committed to SQLite before
it is answered, so that it survives a crash, and counts for the next list. RecTools makes a trainer for each list,
which is not made for several threads: lists are made one after another, in one thread beside the event loop.
"""

from __future__ import annotations

import sqlite3
import time
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import torch
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from pytorch_lightning import Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel

from benchmarks.peers.exchange import Log

__all__ = ["serve"]

_NOBODY = 10_000_000


class Ask(BaseModel):
    """Whom to recommend to."""

    user_id: int | None = None
    history: list[int] | None = None
    k: int = 10


class Event(BaseModel):
    """A user had an item."""

    event_id: str
    user_id: int
    item_id: int


def serve(job: dict[str, Any]) -> dict[str, Any]:
    """Train for a moment, since weights do not matter for speed, and answer until ended."""
    torch.set_num_threads(1)
    seed_everything(job["seed"])
    house = _House(Log.read(job["log"]), job["settings"], job["store"])
    app = FastAPI()

    @app.get("/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/v1/recommendations")
    def recommendations(ask: Ask) -> dict[str, Any]:
        return {"items": house.recommend(ask)}

    @app.post("/v1/events")
    def events(event: Event) -> dict[str, int]:
        return {"stored": house.store(event)}

    uvicorn.run(app, host="127.0.0.1", port=job["port"], log_level="warning", access_log=False)
    return {}


class _House:
    """A model, the log that it learned from, and what came since."""

    def __init__(self, log: Log, settings: dict[str, Any], store: str) -> None:
        self._log, self._making, self._writing = log, Lock(), Lock()
        self._starts = np.searchsorted(log.user, np.arange(int(log.user[-1]) + 2))
        self._dataset = Dataset.construct(_frame(log.user, log.item, log.time))
        self._model = SASRecModel(get_trainer_func=_trainer, **settings)
        self._model.fit(self._dataset)
        self._later: dict[int, list[Event]] = {}
        self._store = sqlite3.connect(store, check_same_thread=False, isolation_level=None)
        self._store.execute("PRAGMA journal_mode = WAL")
        self._store.execute("PRAGMA synchronous = FULL")
        self._store.execute(
            "CREATE TABLE events (id TEXT PRIMARY KEY, user INTEGER, item INTEGER, time REAL)"
        )

    def store(self, event: Event) -> int:
        row = (event.event_id, event.user_id, event.item_id, time.time())
        with self._writing:
            new = self._store.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", row).rowcount
            if new:
                self._later.setdefault(event.user_id, []).append(event)
        return int(new)

    def recommend(self, ask: Ask) -> list[dict[str, Any]]:
        user, dataset = _NOBODY, self._dataset
        later = [] if ask.user_id is None else list(self._later.get(ask.user_id, ()))
        if ask.history is not None:
            dataset = _alone(ask.history)
        elif ask.user_id is not None and later:
            known = self._log.item[self._starts[ask.user_id] : self._starts[ask.user_id + 1]].tolist()
            dataset = _alone([*known, *(event.item_id for event in later)])
        elif ask.user_id is not None:
            user = ask.user_id
        with self._making:
            found = self._model.recommend(users=[user], dataset=dataset, k=ask.k, filter_viewed=True)
        scores = zip(found[Columns.Item].tolist(), found[Columns.Score].tolist(), strict=True)
        return [{"item_id": item, "score": score} for item, score in scores]


def _alone(items: list[int]) -> Dataset:
    """Return a data set of one history, oldest first."""
    item = np.array(items)
    return Dataset.construct(_frame(np.full(len(item), _NOBODY), item, np.arange(len(item)) * 1_000_000))


def _frame(user: np.ndarray, item: np.ndarray, time: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            Columns.User: user.astype(np.int64),
            Columns.Item: item.astype(np.int64),
            Columns.Weight: 1.0,
            Columns.Datetime: time.astype("datetime64[us]"),
        }
    )


def _trainer() -> Trainer:
    return Trainer(
        max_epochs=1,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        devices=1,
        limit_train_batches=2,
    )
