"""Interrupt: Ctrl-C ends the step under way instead of the program; a second one ends the program at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

__all__ = ["Interrupt"]


class Interrupt:
    """A context in which Ctrl-C is only noted. Outside the main thread it changes nothing.

    Attributes
    ----------
    asked
        Whether somebody pressed Ctrl-C.

    Examples
    --------
    >>> with Interrupt() as interrupt:
    ...     signal.raise_signal(signal.SIGINT)
    ...     interrupt.asked
    True
    """

    def __init__(self) -> None:
        self.asked = False
        self._caught = False

    def __enter__(self) -> Self:
        self.asked = False
        self._caught = threading.current_thread() is threading.main_thread()
        if self._caught:
            self._before = signal.getsignal(signal.SIGINT)
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give Ctrl-C its meaning back."""
        if self._caught:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self._before)
