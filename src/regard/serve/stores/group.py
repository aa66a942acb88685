"""Group commit: many threads write, one transaction carries what all of them brought meanwhile.

A sync to disk costs the same for one event as for a thousand, so while one runs, the next group gathers. One
thread writes; callers wait for the transaction that has their work. DeWitt et al., "Implementation Techniques
for Main Memory Database Systems", SIGMOD 1984, section 5.2. It knows no store.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from regard.errors import StoreDown, StoreError

__all__ = ["GroupWriter", "Work"]

C = TypeVar("C")
R = TypeVar("R")

Work = Callable[[C], Any]
_LARGEST = 256  # works in one transaction: bounds how long the first of them waits


@dataclass(frozen=True, slots=True)
class _Job(Generic[C]):
    work: Work[C]
    done: Future[Any] = field(default_factory=Future)


class GroupWriter(Generic[C]):
    """A thread that runs works in common transactions.

    Parameters
    ----------
    transact
        Runs works in one durable transaction and returns their answers, or raises `StoreError` and has
        changed nothing.
    name
        Of the store, for messages.
    """

    def __init__(self, transact: Callable[[Sequence[Work[C]]], list[Any]], *, name: str) -> None:
        self._transact = transact
        self._name = name
        self._jobs: queue.SimpleQueue[_Job[C] | None] = queue.SimpleQueue()
        self._entry = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"writer of {name}", daemon=True)
        self._thread.start()

    def do(self, work: Callable[[C], R]) -> R:
        """Return what a work answers, once the transaction that holds it is durable.

        Raises
        ------
        StoreError
            What the transaction raised; `StoreDown` after `close`.
        """
        job = _Job(work)
        with self._entry:
            if self._closed:
                raise StoreDown(f"{self._name}: is closed")
            self._jobs.put(job)
        answer: R = job.done.result()
        return answer

    def close(self) -> None:
        """Finish the works that were given, then end the thread."""
        with self._entry:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            jobs, ending = [first], False
            while len(jobs) < _LARGEST and not self._jobs.empty():
                following = self._jobs.get()
                if following is None:
                    ending = True
                    break
                jobs.append(following)
            self._write(jobs)
            if ending:
                return

    def _write(self, jobs: Sequence[_Job[C]]) -> None:
        try:
            answers = self._transact([job.work for job in jobs])
        except StoreError as error:
            for job in jobs:  # an error of its own for each thread, since raising writes into it
                job.done.set_exception(StoreDown(str(error)) if isinstance(error, StoreDown) else error)
        except Exception as error:  # a bug must not leave callers waiting for ever
            for job in jobs:
                job.done.set_exception(error)
        else:
            for job, answer in zip(jobs, answers, strict=True):
                job.done.set_result(answer)
