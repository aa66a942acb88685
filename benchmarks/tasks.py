"""Tasks: a data set, a split and its questions, as Regard reads them and as files for peers.

A task is written once and read by every system, so that all learn from the same events, validate on the
same questions and are asked the same. Lists come back as numbers and are judged by Regard's own evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.common import WORKSPACE, data_folder
from benchmarks.hackernews import read_hackernews
from benchmarks.peers.exchange import Log, Questions
from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.prepare import prepare
from regard.data.sources.public import read_public
from regard.data.sources.table_set import PublicData
from regard.data.split import Holdout, Queries, SplitSpec, hold_out
from regard.evaluation.protocol import Evaluation, evaluate
from regard.models.protocols import Ranked
from regard.train.examples import examples_of

__all__ = ["NOT_BY_TIME", "KeptLists", "Task", "dataset_of", "log_of", "questions_of", "read_data"]

_NO_CLOCK = "its times cannot be compared between users"
# Why a log is not split by time
NOT_BY_TIME = {
    "amazon-2014-beauty": _NO_CLOCK,
    "amazon-2014-toys": _NO_CLOCK,
    "hackernews": "every story that is asked for would be new; see benchmarks/cold.py",
}
_VALIDATION_QUESTIONS = 5_000


def read_data(name: str) -> PublicData:
    """Return the tables of a data set by its name; ``NAME:N`` has every Nth user of it, for many trainings."""
    name, _, every = name.partition(":")
    folder = data_folder(name)
    data = read_hackernews(folder) if name == "hackernews" else read_public(name, folder)
    if not every:
        return data
    some = pl.col("user_id").rank("dense") % int(every) == 0
    return replace(data, events=data.events.filter(some))


def dataset_of(name: str, *, described: bool = True) -> Dataset:
    """Read a public data set by its name, as `regard fit` would; its events alone if not `described`."""
    data = read_data(name)
    if not described:
        return prepare(data.events).dataset
    return prepare(data.events, items=data.items, users=data.users).dataset


def log_of(histories: Histories, *, rows: np.ndarray | None = None) -> Log:
    """Return the events of the histories; `rows` (``[U]``) renames them, by default to 0, 1, 2 ..."""
    number = np.arange(len(histories)) if rows is None else rows
    events = histories.events()
    return Log(
        user=number[histories.rows()].astype(np.int64),
        item=np.asarray(histories.item[events], dtype=np.int64),
        time=np.asarray(histories.time[events], dtype=np.int64),
    )


def questions_of(queries: Queries, *, weight: np.ndarray | None = None) -> Questions:
    """Return the histories of queries, with their targets only where weights make it a validation."""
    none = np.empty(0)
    return Questions(
        log=log_of(queries.histories),
        target=none if weight is None else np.asarray(queries.target),
        weight=none if weight is None else weight,
    )


@dataclass(frozen=True)
class Task:
    """A data set and a split of it.

    Parameters
    ----------
    data, split
        Their names.
    described
        Whether the tables of items and users are read too. By default they are not: peers read events alone, and
        Regard would read what it finds.
    """

    data: str
    split: str
    described: bool = False

    @property
    def key(self) -> str:
        """Name of the task, for files and tables."""
        return f"{self.data}@{self.split.replace(':', '-')}"

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return WORKSPACE / "tasks" / self.key

    @cached_property
    def dataset(self) -> Dataset:
        """The whole log."""
        return dataset_of(self.data, described=self.described)

    @cached_property
    def held(self) -> Holdout:
        """What may be learned from, and the questions of the test."""
        return hold_out(self.dataset, SplitSpec.parse(self.split))

    def write(self) -> dict[str, str]:
        """Write the files that a peer reads; return their paths by what they are."""
        self.folder.mkdir(parents=True, exist_ok=True)
        inner = hold_out(self.held.train, SplitSpec.parse(self.split))
        asked = examples_of(inner, self.held.train, most=_VALIDATION_QUESTIONS)
        paths = {name: self.folder / f"{name}.npz" for name in ("log", "search", "validation", "questions")}
        log_of(self.held.train.histories).write(paths["log"])
        log_of(inner.train.histories).write(paths["search"])
        questions_of(asked.queries, weight=asked.weight_E).write(paths["validation"])
        questions_of(self.held.queries).write(paths["questions"])
        return {name: str(path) for name, path in paths.items()}

    def judge(self, lists: np.ndarray, *, name: str) -> Evaluation:
        """Judge ``[U, k]`` lists for the questions of the test, as any system of Regard is judged."""
        kept = KeptLists(lists, popularity_V=self.held.train.item_counts)
        return evaluate(kept, self.held.queries, train=self.held.train, name=name)


class KeptLists:
    """A ranker whose lists were made elsewhere; who got none gets the most popular items, as in Regard.

    Parameters
    ----------
    lists
        ``[U, k]`` item numbers in the order of the questions.
    popularity_V
        ``[V]`` number of training events of each item.
    """

    def __init__(self, lists: np.ndarray, *, popularity_V: np.ndarray) -> None:
        self._lists = lists
        self._popular = np.argsort(-popularity_V, kind="stable")

    def rank(self, histories: Histories, *, k: int, exclude_seen: bool = True) -> Ranked:
        """Return the first `k` of each list."""
        assert len(histories) == len(self._lists)
        item = self._lists[:, :k].astype(np.int64).copy()
        for row in np.flatnonzero((item < 0).all(1)):
            history = histories.take(np.array([row]))
            seen = np.asarray(history.item[history.events()]) if exclude_seen else np.empty(0)
            item[row] = self._popular[~np.isin(self._popular, seen)][:k]
        score = np.where(item >= 0, -np.arange(k, dtype=np.float32), -np.inf)
        return Ranked(item_UK=item, score_UK=score.astype(np.float32))
