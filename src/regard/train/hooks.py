"""Hooks: what is told while a model trains. A hook listens; it never changes the training."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["EpochDone", "Hook", "JsonLines", "Progress", "Silent", "StepDone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """One step was made.

    Parameters
    ----------
    epoch, step, steps
        Number of the epoch (from 1) and of the step in it, and how many steps it has.
    events
        Events that the step learned from.
    loss
        Mean loss of the step, in nats.
    """

    epoch: int
    step: int
    steps: int
    events: int
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochDone:
    """One pass over the data was made.

    Parameters
    ----------
    epoch, epochs
        Number of the epoch (from 1), and how many there can be.
    loss
        Mean loss of the epoch, in nats.
    validation
        NDCG@10 on validation, None without one.
    best
        Whether it is the best so far.
    seconds
        Wall time of the epoch, validation included.
    events_per_second
        Speed of the training alone.
    """

    epoch: int
    epochs: int
    loss: float
    validation: float | None
    best: bool
    seconds: float
    events_per_second: float


class Hook(Protocol):
    """Listens to training; a context that opens before the first step and closes after the last."""

    def __enter__(self) -> Self:
        """Begin to listen."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening, also after an error."""
        ...

    def step(self, done: StepDone) -> None:
        """Hear that a step was made."""
        ...

    def epoch(self, done: EpochDone) -> None:
        """Hear that an epoch was made."""
        ...


class Silent:
    """A hook that says nothing; others inherit what they do not need to say."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say nothing."""

    def step(self, done: StepDone) -> None:
        """Say nothing."""

    def epoch(self, done: EpochDone) -> None:
        """Say nothing."""


class JsonLines(Silent):
    """Appends one JSON object an epoch to a file, so that a run can be followed and plotted.

    Parameters
    ----------
    path
        File to append to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def epoch(self, done: EpochDone) -> None:
        """Append the epoch."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(done)) + "\n")


class Progress(Silent):
    """A bar with loss, events per second and remaining time on a terminal, plain lines elsewhere.

    Parameters
    ----------
    console
        Where to draw.
    title
        What is being trained.
    epochs
        How many epochs there can be.
    """

    def __init__(self, console: Console, *, title: str, epochs: int) -> None:
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self.console = console
        self.title = title
        self._last_line = time.monotonic()
        self._events, self._since = 0, time.monotonic()
        self._last_validation = ""
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[state]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(title, total=float(epochs), state="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def step(self, done: StepDone) -> None:
        """Move the bar; without a terminal write a line every ten seconds."""
        self._events += done.events
        now = time.monotonic()
        rate = self._events / max(now - self._since, 1e-9)
        state = f"epoch {done.epoch} loss {done.loss:.3f} {rate:,.0f} events/s{self._last_validation}"
        self._bar.update(self._task, completed=done.epoch - 1 + done.step / done.steps, state=state)
        if not self.console.is_terminal and now - self._last_line > 10:
            self._last_line = now
            self.console.print(f"{self.title}: {state} (step {done.step} of {done.steps})", highlight=False)

    def epoch(self, done: EpochDone) -> None:
        """Write the epoch's line."""
        self._events, self._since = 0, time.monotonic()
        value = "" if done.validation is None else f", validation NDCG@10 {done.validation:.4f}"
        self._last_validation = value
        mark = " (best so far)" if done.best and done.validation is not None else ""
        self._last_line = time.monotonic()
        self.console.print(
            f"{self.title}: epoch {done.epoch} of at most {done.epochs}, loss {done.loss:.3f}{value}{mark}, "
            f"{done.events_per_second:,.0f} events/s, {done.seconds:.1f} s",
            highlight=False,
        )
