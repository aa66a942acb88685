"""Baselines that ignore the history: what is popular, what was popular lately, chance.

They are Scorers like any model, so they are measured on the path that serves. Popularity over a short
window beats several published transformers where the test lies in the future; leave it out of no table.

Shape letters: U users, V items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from regard.data.dataset import Dataset
from regard.data.packing import PackedBatch
from regard.errors import ConfigError, SplitError

__all__ = ["Popularity", "RandomScorer", "RecentPopularity"]

_DAY = 86_400 * 10**6  # microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Popularity:
    """Scores every item with the logarithm of its share of the training events.

    Parameters
    ----------
    score_V
        ``[V]`` float32; -inf for an item without events.
    """

    score_V: Tensor

    @classmethod
    def fit(cls, train: Dataset) -> Popularity:
        """Count the events of the training data that are asked for."""
        counts = train.target_counts
        return cls(score_V=torch.from_numpy(counts / max(int(counts.sum()), 1)).log().float())

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        return len(self.score_V)

    def query(self, batch: PackedBatch) -> int:
        """Return U: nothing else of the batch matters."""
        return batch.num_users

    def score(self, query: int, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` the same scores for each user."""
        return self.score_V[start:stop].expand(query, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentPopularity:
    """Popularity over the last days of the training data; ties are broken by popularity over all of it.

    Parameters
    ----------
    score_V
        ``[V]`` float32 logarithm of the number of events in the window, to which the share of all
        training events is added (less than one event).
    """

    score_V: Tensor

    @classmethod
    def fit(cls, train: Dataset, *, days: float = 7) -> RecentPopularity:
        """Count the events asked for in the window of `days` days that ends with the last of them.

        Raises
        ------
        ConfigError
            If `days` is not positive.
        SplitError
            If there is no event.
        """
        if not days > 0:
            raise ConfigError(f"days = {days}: the window must be longer than nothing; give days > 0")
        train = train.only_targets()
        events = train.histories.events()
        if len(events) == 0:
            raise SplitError("there is no training event, so nothing is popular")
        time, item = train.histories.time[events], train.histories.item[events]
        recent = np.bincount(item[time > time.max() - days * _DAY], minlength=len(train.items))
        share = train.item_counts / (len(events) + 1)
        return cls(score_V=torch.from_numpy(recent + share).log().float())

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        return len(self.score_V)

    def query(self, batch: PackedBatch) -> int:
        """Return U: nothing else of the batch matters."""
        return batch.num_users

    def score(self, query: int, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` the same scores for each user."""
        return self.score_V[start:stop].expand(query, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomScorer:
    """Scores by chance: a hash of seed, history and item, so that a user's list is always the same.

    Parameters
    ----------
    num_items
        V, the size of the catalogue.
    seed
        Another seed gives other lists.
    """

    num_items: int
    seed: int = 0

    def query(self, batch: PackedBatch) -> np.ndarray:
        """Return ``[U]`` uint64: a hash of each history."""
        state = np.full(batch.num_users, self.seed, dtype=np.uint64)
        lengths, item = batch.lengths.cpu().numpy(), batch.item_T.cpu().numpy().astype(np.uint64)
        first = batch.offsets[:-1].cpu().numpy()
        for step in range(int(lengths.max(initial=0))):
            some = lengths > step
            state[some] = _mix(state[some] ^ (item[first[some] + step] + np.uint64(1)))
        return _mix(state)

    def score(self, query: np.ndarray, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` scores, uniform in [0, 1)."""
        numbers = _mix(np.arange(start, stop, dtype=np.uint64))
        return torch.from_numpy((_mix(query[:, None] ^ numbers) >> np.uint64(40)) / 2.0**24).float()


def _mix(state: np.ndarray) -> np.ndarray:
    """Return the next output of SplitMix64 (Steele et al., OOPSLA 2014) for each state."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = state ^ (state >> np.uint64(31))
    return mixed
