"""WindowLoader: histories cut into windows, windows of similar length put into batches.

In every epoch each event but the first of a history is asked for exactly once. A history that is longer
than a window is cut at random places, so that all of it is trained on and not only its end. Windows are
ranges of the same flat arrays: nothing is copied before a batch is packed. An epoch depends on the seed
and its number alone, so that an interrupted one goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pydantic

from regard.config import Config
from regard.data.histories import Histories
from regard.data.packing import PackedBatch

__all__ = ["LoaderConfig", "WindowLoader"]


class LoaderConfig(Config):
    """How histories become batches.

    Attributes
    ----------
    window
        Most inputs in a window; a window holds one event more, the last target.
    batch_events
        Most inputs in a batch, counted as a padded kernel would.
    """

    window: int = pydantic.Field(default=200, ge=1)
    batch_events: int = pydantic.Field(default=8192, ge=1)


class WindowLoader:
    """Batches of windows of the histories that have at least two events.

    Parameters
    ----------
    histories
        Row u is the history of user u, unless they say whose they are.
    config
        Sizes of windows and batches.
    seed
        Seed of cuts and order.

    Examples
    --------
    >>> loader = WindowLoader(Histories.of([[1, 2, 3], [4], [5, 6]]), LoaderConfig(), seed=0)
    >>> [batch.item_T.tolist() for batch in loader.epoch(0)]
    [[5, 6, 1, 2, 3]]
    """

    def __init__(self, histories: Histories, config: LoaderConfig, *, seed: int) -> None:
        self.config = config
        self.seed = seed
        self._histories = histories.of_users().take(np.flatnonzero(histories.lengths >= 2))

    @property
    def num_targets(self) -> int:
        """Number of events asked for in an epoch."""
        return self._histories.num_events - len(self._histories)

    def steps(self, epoch: int) -> int:
        """Return the number of batches of an epoch."""
        return len(self._batches(epoch, self._windows(epoch).lengths))

    def epoch(self, number: int, *, skip: int = 0) -> Iterator[PackedBatch]:
        """Yield the batches of an epoch, without its first `skip`."""
        windows = self._windows(number)
        for rows in self._batches(number, windows.lengths)[skip:]:
            yield PackedBatch.of(windows.take(rows))

    def _windows(self, epoch: int) -> Histories:
        """Cut each history at ``cut, cut + window, ...``; a window starts with the event it shares."""
        histories, window = self._histories, self.config.window
        targets = histories.lengths - 1
        cut = np.random.default_rng([self.seed, epoch, 0]).integers(1, window + 1, size=len(histories))
        cut = np.where(targets <= window, targets, cut)
        counts = 1 + -(-(targets - cut) // window)
        row = np.repeat(np.arange(len(histories)), counts)
        part = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        first = np.where(part == 0, 0, cut[row] + (part - 1) * window)
        last = np.minimum(cut[row] + part * window, targets[row])
        windows, start = histories.take(row), histories.start[row]
        return replace(windows, start=start + first, stop=start + last + 1)

    def _batches(self, epoch: int, lengths: np.ndarray) -> list[np.ndarray]:
        """Group windows of similar length under the budget of a batch, and shuffle the groups."""
        rng = np.random.default_rng([self.seed, epoch, 1])
        order = np.lexsort((rng.random(len(lengths)), lengths))
        longest = lengths[order] - 1
        groups, begin = [], 0
        while begin < len(order):
            # Lengths ascend: the widest group that fits is found by bisection on its last window.
            end = begin + int(
                np.searchsorted(
                    longest[begin:] * np.arange(1, len(order) - begin + 1),
                    self.config.batch_events,
                    side="right",
                )
            )
            end = max(end, begin + 1)
            groups.append(order[begin:end])
            begin = end
        return [groups[number] for number in rng.permutation(len(groups))]
