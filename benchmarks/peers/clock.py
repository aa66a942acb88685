"""What Lightning tells while a peer trains: times and targets of steps, validation, the best weights.

RecTools and RePlay both train with Lightning, under two names of the package, so the base class is an
argument. Counting targets takes microseconds of a step of seconds. It runs in the peers' environments.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

__all__ = ["make_clock", "make_watcher", "seconds_of", "speed_of"]


def seconds_of(threads: int) -> Callable[[], float]:
    """Return the clock of a training: processor time of one thread, which other programs disturb less."""
    return time.process_time if threads == 1 else time.perf_counter


def speed_of(ends: list[float], cores: list[float], targets: list[int]) -> dict[str, float]:
    """Return what a training achieved in the steps between the first and the last of `ends`.

    Parameters
    ----------
    ends
        Wall time at the end of steps; the first is where the measurement begins.
    cores
        Core seconds that the process had used by then: less disturbed by other programs than wall time.
    targets
        Targets of each step but the first.
    """
    seconds, core_seconds, events = ends[-1] - ends[0], cores[-1] - cores[0], sum(targets)
    return {
        "events": events,
        "seconds": seconds,
        "core_seconds": core_seconds,
        "steps": len(targets),
        "events_per_second": events / seconds,
        "events_per_core_second": events / core_seconds,
    }


def make_clock(base: type, count: Callable[[Any], int]) -> Any:
    """Return a callback that notes when each step ended and how many targets it had.

    Parameters
    ----------
    base
        Lightning's ``Callback``.
    count
        Number of targets in a batch.
    """

    class Clock(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.ends: list[float] = []
            self.cores: list[float] = []
            self.targets: list[int] = []

        def __deepcopy__(self, memo: object) -> Any:
            return self

        def on_train_batch_end(
            self, trainer: Any, module: Any, outputs: Any, batch: Any, number: int
        ) -> None:
            self.ends.append(time.perf_counter())
            self.cores.append(time.process_time())
            self.targets.append(count(batch))

        def speed(self, warmup: int) -> dict[str, float]:
            """Return targets per second after the first `warmup` steps."""
            return speed_of(self.ends[warmup - 1 :], self.cores[warmup - 1 :], self.targets[warmup:])

    return Clock()


def make_watcher(
    base: type,
    validate: Callable[[Any], float],
    *,
    patience: int,
    max_seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> Any:
    """Return a callback that validates after each epoch, keeps the best weights and ends the training.

    Parameters
    ----------
    base
        Lightning's ``Callback``.
    validate
        Called with the module; higher is better.
    patience
        Epochs without improvement after which training ends.
    max_seconds
        Training seconds after which it ends in any case.
    clock
        What tells the seconds.
    """

    class Watcher(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.history: list[dict[str, float]] = []
            self.best_epoch, self.best, self.weights = 0, -1.0, None
            self.seconds = 0.0

        def __deepcopy__(self, memo: object) -> Any:
            return self

        def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
            self.began = clock()

        def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
            self.seconds += clock() - self.began
            value = validate(module)
            module.train()
            epoch = len(self.history) + 1
            self.history.append({"epoch": epoch, "seconds": self.seconds, "validation": value})
            if value > self.best:
                self.best, self.best_epoch = value, epoch
                self.weights = copy.deepcopy(module.state_dict())
            if epoch - self.best_epoch >= patience or self.seconds > max_seconds:
                trainer.should_stop = True

        def found(self) -> dict[str, Any]:
            """Return how the search went."""
            return {
                "history": self.history,
                "best_epoch": self.best_epoch,
                "validation": self.best,
                "search_seconds": self.seconds,
            }

    return Watcher()
