"""Prefork: several processes that answer on one socket, kept alive until they are told to stop.

They are forked before anything is loaded, so each has its own model, its own threads and its own connections
to a store that they share. One that dies is started again; one that cannot start ends them all, so that
whoever started the server learns of it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

__all__ = ["run_workers"]

_SOON = 10.0  # seconds: who ends sooner has not started
_GRACE = 5.0  # seconds beyond those that requests may take to finish
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run_workers(
    count: int, work: Callable[[], None], *, drain: float, say: Callable[[str, int], None]
) -> int:
    """Run `work` in processes of their own until SIGTERM or SIGINT; return the exit status.

    Parameters
    ----------
    count
        Number of processes, at least one.
    work
        Serves, and returns when it was told to stop.
    drain
        Seconds that a process has to finish in after SIGTERM.
    say
        Called with what happened and the process it happened to.
    """
    return _Workers(count, work, drain=drain, say=say).run()


class _Workers:
    def __init__(
        self, count: int, work: Callable[[], None], *, drain: float, say: Callable[[str, int], None]
    ) -> None:
        self._count, self._work, self._drain, self._say = count, work, drain, say
        self._began: dict[int, float] = {}
        self._stopping = False

    def run(self) -> int:
        before = {sign: signal.signal(sign, self._stop) for sign in _SIGNALS}
        try:
            for _ in range(self._count):
                self._start()
            return self._watch()
        finally:
            self._end()
            for sign, handler in before.items():
                signal.signal(sign, handler)

    def _start(self) -> None:
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # none is lost between fork and reset
        process = os.fork()
        if process:
            self._began[process] = time.monotonic()
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            self._say("worker_started", process)
            return
        status = 1
        try:
            for sign in _SIGNALS:
                signal.signal(sign, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            self._work()
            status = 0
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _watch(self) -> int:
        while self._began and not self._stopping:
            process, status = _ended()
            if process == 0:
                time.sleep(0.1)
                continue
            lived = time.monotonic() - self._began.pop(process)
            self._say("worker_ended", process)
            if lived < _SOON and os.waitstatus_to_exitcode(status) > 0:
                return 1
            self._start()
        return 0

    def _end(self) -> None:
        """Stop all that run: gently first."""
        self._signal(signal.SIGTERM)
        until = time.monotonic() + self._drain + _GRACE
        while self._began and time.monotonic() < until:
            process, _ = _ended()
            self._began.pop(process, None)
            if process == 0:
                time.sleep(0.05)
        self._signal(signal.SIGKILL)
        for process in self._began:
            os.waitpid(process, 0)

    def _signal(self, sign: signal.Signals) -> None:
        for process in self._began:
            os.kill(process, sign)

    def _stop(self, sign: int, frame: FrameType | None) -> None:
        self._stopping = True


def _ended() -> tuple[int, int]:
    """Return a process that has ended and its status; 0 where all run."""
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0, 0
