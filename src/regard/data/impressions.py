"""Impressions: what was shown to whom and when, and what came of it. The currency of ranking data.

Candidates are laid end to end, impression by impression, as events are in `Histories`; users and items are
numbers of a data set's vocabularies, -1 where they are not known to it. A label is 0 or 1, or an amount
from 0 (seconds of attention, say); which one, and whether it is believable, is decided where a table is
read (`regard.data.impression_table`). It knows no tensors and no model.

Shape letters: I impressions, K candidates of all impressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from regard.data.histories import Histories

__all__ = ["Impressions", "histories_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impressions:
    """I impressions with K candidates in all.

    Parameters
    ----------
    offsets
        ``[I + 1]`` int64: candidates ``offsets[i]`` to ``offsets[i + 1]`` were shown in impression i.
    user_I
        ``[I]`` int32 user numbers, -1 for a user that is unknown or not named.
    time_I
        ``[I]`` int64 microseconds, `regard.data.packing.NO_TIME` where it is not known.
    item_K
        ``[K]`` int32 item numbers, -1 for an item that is unknown or not named.
    labels
        By action (``"click"``, ``"purchase"`` ...) ``[K]`` float32.
    position_K
        ``[K]`` int32 place at which the candidate was shown; None if that is not known.
    propensity_K
        ``[K]`` float64 probability with which the system that was running showed the candidate; None
        likewise.
    history
        ``[I]`` bare histories that the log brought; None where the events of a data set are the history
        (`histories_at`).
    context
        ``[K]`` rows of the further columns of the log, raw; None if there are none.

    Examples
    --------
    >>> shown = Impressions.of([[4, 2], [7]], clicked=[[2], []])
    >>> shown.labels["click"].tolist(), shown.rows().tolist()
    ([0.0, 1.0, 0.0], [0, 0, 1])
    >>> shown.take(np.array([1])).item_K
    array([7], dtype=int32)
    """

    offsets: np.ndarray
    user_I: np.ndarray
    time_I: np.ndarray
    item_K: np.ndarray
    labels: Mapping[str, np.ndarray]
    position_K: np.ndarray | None = None
    propensity_K: np.ndarray | None = None
    history: Histories | None = None
    context: pl.DataFrame | None = None

    def __post_init__(self) -> None:
        impressions, candidates = len(self.user_I), len(self.item_K)
        assert len(self.offsets) == impressions + 1
        assert self.offsets[0] == 0
        assert self.offsets[-1] == candidates
        assert (np.diff(self.offsets) > 0).all(), "an impression shows at least one candidate"
        assert len(self.time_I) == impressions
        assert self.history is None or len(self.history) == impressions
        columns = [*self.labels.values(), self.position_K, self.propensity_K, self.context]
        assert all(len(column) == candidates for column in columns if column is not None)
        assert all(np.isfinite(label).all() for label in self.labels.values())

    @classmethod
    def of(
        cls,
        shown: Sequence[Sequence[int]],
        *,
        clicked: Sequence[Sequence[int]],
        users: Sequence[int] | None = None,
        times: Sequence[int] | None = None,
    ) -> Impressions:
        """Make impressions from lists of item numbers that were shown and of those that were clicked.

        Users default to unknown ones, times to 0, 1, 2 ...
        """
        count = len(shown)
        assert all(set(some) <= set(every) for some, every in zip(clicked, shown, strict=True))
        label = [item in some for some, every in zip(clicked, shown, strict=True) for item in every]
        return cls(
            offsets=np.cumsum([0, *map(len, shown)], dtype=np.int64),
            user_I=np.array([-1] * count if users is None else users, dtype=np.int32),
            time_I=np.array(range(count) if times is None else times, dtype=np.int64),
            item_K=np.array([item for row in shown for item in row], dtype=np.int32),
            labels={"click": np.array(label, dtype=np.float32)},
        )

    def __len__(self) -> int:
        return len(self.user_I)

    @property
    def num_candidates(self) -> int:
        """Number of candidates of all impressions."""
        return len(self.item_K)

    @property
    def actions(self) -> tuple[str, ...]:
        """Names of the labels."""
        return tuple(self.labels)

    @property
    def lengths(self) -> np.ndarray:
        """``[I]`` number of candidates of each impression."""
        counts: np.ndarray = np.diff(self.offsets)
        return counts

    def rows(self) -> np.ndarray:
        """Return ``[K]`` impression that each candidate belongs to."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)

    def users(self) -> np.ndarray:
        """Return ``[K]`` user number of each candidate."""
        return np.repeat(self.user_I, self.lengths)

    def take(self, rows: np.ndarray | slice) -> Impressions:
        """Return some impressions, in the order of `rows`, as a compact copy."""
        start, counts = self.offsets[:-1][rows], self.lengths[rows]
        offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)])
        chosen = np.arange(int(offsets[-1]), dtype=np.int64) + np.repeat(start - offsets[:-1], counts)
        return replace(
            self,
            offsets=offsets,
            user_I=self.user_I[rows],
            time_I=self.time_I[rows],
            item_K=self.item_K[chosen],
            labels={action: label[chosen] for action, label in self.labels.items()},
            position_K=None if self.position_K is None else self.position_K[chosen],
            propensity_K=None if self.propensity_K is None else self.propensity_K[chosen],
            history=None if self.history is None else self.history.take(rows),
            context=None if self.context is None else self.context[chosen],
        )

    def blocks(self, candidates: int) -> Iterator[Impressions]:
        """Yield all impressions in order, in blocks of at most `candidates`, unless one has more."""
        low = 0
        while low < len(self):
            limit = self.offsets[low] + candidates
            high = max(int(np.searchsorted(self.offsets, limit, side="right")) - 1, low + 1)
            yield self.take(slice(low, high))
            low = high


def histories_at(impressions: Impressions, histories: Histories) -> Histories:
    """Return ``[I]`` what each impression's user had done before it, strictly: views, nothing is copied.

    Parameters
    ----------
    impressions
        With known times; users that are unknown (-1) have an empty history.
    histories
        The events of all users of the same vocabulary.

    Examples
    --------
    >>> shown = Impressions.of([[9], [9]], clicked=[[], []], users=[0, -1], times=[2, 2])
    >>> histories_at(shown, Histories.of([[5, 6, 7]], [[1, 2, 3]])).lengths
    array([1, 0])
    """
    known = impressions.user_I >= 0
    user = np.where(known, impressions.user_I, 0)
    low = np.where(known, histories.start[user] if len(histories) else 0, 0)
    high = np.where(known, histories.stop[user] if len(histories) else 0, 0)
    start = low.copy()
    open_I = np.flatnonzero(low < high)
    while len(open_I):  # a binary search in all histories at once
        middle = (low[open_I] + high[open_I]) // 2
        early = histories.time[middle] < impressions.time_I[open_I]
        low[open_I[early]] = middle[early] + 1
        high[open_I[~early]] = middle[~early]
        open_I = open_I[low[open_I] < high[open_I]]
    return replace(histories, start=start, stop=low, asked=impressions.time_I)
