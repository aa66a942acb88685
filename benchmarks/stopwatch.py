"""Times a few steps of Regard's trainer, as `benchmarks.peers.clock` times those of a peer."""

from __future__ import annotations

import contextlib
import time

from benchmarks.peers.clock import speed_of
from regard.train.hooks import Silent, StepDone
from regard.train.trainer import Trainer

__all__ = ["Stopwatch"]


class _EnoughError(Exception):
    """Ends a training after what is measured."""


class Stopwatch(Silent):
    """Notes when each step ended and how many targets it had; ends the training after what is asked for.

    Parameters
    ----------
    warmup
        Steps that are not counted, at least one.
    steps
        Counted steps after which training ends; None: it is not ended by their number.
    seconds
        Counted seconds after which training ends; None: it is not ended by time.
    """

    def __init__(self, *, warmup: int, steps: int | None = None, seconds: float | None = None) -> None:
        self.warmup, self.steps, self.seconds = warmup, steps, seconds
        self.ends: list[float] = []
        self.cores: list[float] = []
        self.targets: list[int] = []

    def step(self, done: StepDone) -> None:
        self.ends.append(time.perf_counter())
        self.cores.append(time.process_time())
        self.targets.append(done.events)
        counted = len(self.ends) - self.warmup
        late = self.seconds is not None and counted > 1 and self._counted_seconds() > self.seconds
        if late or counted == self.steps:
            raise _EnoughError

    def time(self, trainer: Trainer) -> dict[str, float]:
        """Train, and return targets per second, and per second of a core, after the warm-up."""
        with contextlib.suppress(_EnoughError):
            trainer.run(hooks=[self])
        first = self.warmup - 1
        return speed_of(self.ends[first:], self.cores[first:], self.targets[self.warmup :])

    def _counted_seconds(self) -> float:
        return self.ends[-1] - self.ends[self.warmup - 1]
