"""Prefork: several processes that answer on one socket, kept alive until they are told to stop.

They are forked before anything is loaded, so each has its own model, its own threads and its own connections
to a store that they share. One that dies is started again; one that cannot start ends them all, so that
whoever started the server learns of it.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from types import FrameType

from regard.errors import RegardError

__all__ = ["run_workers"]

_SOON = 10.0  # seconds: who ends sooner has not started
_GRACE = 5.0  # seconds beyond those that requests may take to finish
_LOOK = 0.2  # seconds between looks at whether it shall stop
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
        self._began: dict[ForkProcess, float] = {}
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
        worker = multiprocessing.get_context("fork").Process(target=self._serve)
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # none is lost between fork and reset
        worker.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        self._began[worker] = time.monotonic()
        assert worker.pid is not None
        self._say("worker_started", worker.pid)

    def _serve(self) -> None:
        for sign in _SIGNALS:
            signal.signal(sign, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        try:
            self._work()
        except RegardError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(1)

    def _watch(self) -> int:
        while not self._stopping:
            wait([worker.sentinel for worker in self._began], timeout=_LOOK)
            for worker in [worker for worker in self._began if not worker.is_alive()]:
                lived = time.monotonic() - self._began.pop(worker)
                assert worker.pid is not None
                self._say("worker_ended", worker.pid)
                if lived < _SOON and (worker.exitcode or 0) > 0:
                    return 1
                self._start()
        return 0

    def _end(self) -> None:
        """Stop all that run: gently first."""
        for worker in self._began:
            worker.terminate()
        until = time.monotonic() + self._drain + _GRACE
        for worker in self._began:
            worker.join(max(0.0, until - time.monotonic()))
            worker.kill()
            worker.join()

    def _stop(self, sign: int, frame: FrameType | None) -> None:
        self._stopping = True
