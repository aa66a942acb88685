"""What passes between Regard and a peer: logs, questions and lists, as arrays in ``.npz`` files.

Needs NumPy alone, since it runs in the environments of all peers. Users and items are Regard's numbers, so
that nobody's cleaning of ids decides a comparison. Peers never see the targets of the test.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Log", "Questions", "ndcg", "write_lists"]


@dataclass(frozen=True)
class Log:
    """Events by user, oldest first.

    Parameters
    ----------
    user, item
        ``[T]`` numbers.
    time
        ``[T]`` int64 microseconds, never falling within a user.
    """

    user: np.ndarray
    item: np.ndarray
    time: np.ndarray

    @classmethod
    def read(cls, path: str | Path) -> Log:
        """Read what `write` wrote."""
        with np.load(path, allow_pickle=False) as file:
            return cls(user=file["user"], item=file["item"], time=file["time"])

    def write(self, path: Path) -> None:
        """Write it as one file."""
        np.savez(path, user=self.user, item=self.item, time=self.time)

    def rows(self) -> list[np.ndarray]:
        """Return the items of each user, in the order of their numbers."""
        starts = np.flatnonzero(np.r_[True, self.user[1:] != self.user[:-1]])
        return np.split(self.item, starts[1:])


@dataclass(frozen=True)
class Questions:
    """Histories to continue: ``log.user`` is the number of the question, 0 to U - 1, and none is empty.

    Parameters
    ----------
    log
        The histories.
    target
        ``[U]`` answers of a validation; empty for the test.
    weight
        ``[U]`` weights of the questions in the mean, summing to one; empty for the test.
    """

    log: Log
    target: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return int(self.log.user[-1]) + 1

    @classmethod
    def read(cls, path: str | Path) -> Questions:
        """Read what `write` wrote."""
        with np.load(path, allow_pickle=False) as file:
            log = Log(user=file["user"], item=file["item"], time=file["time"])
            return cls(log=log, target=file["target"], weight=file["weight"])

    def write(self, path: Path) -> None:
        """Write it as one file."""
        log = self.log
        np.savez(path, user=log.user, item=log.item, time=log.time, target=self.target, weight=self.weight)


def ndcg(questions: Questions, lists: np.ndarray) -> float:
    """Return the weighted NDCG@10 of ``[U, k]`` lists, best first; -1 where a list is short."""
    hit = lists[:, :10] == questions.target[:, None]
    gains = 1 / np.log2(np.arange(2, 2 + hit.shape[1]))
    return float((questions.weight * (hit * gains).sum(1)).sum())


def write_lists(path: str | Path, lists: np.ndarray, *, seconds: float = 0.0) -> None:
    """Write ``[U, k]`` item numbers, -1 where a list is short, and how long training had taken."""
    np.savez(path, lists=lists.astype(np.int32), seconds=seconds)
