"""Lanes: calls that block, in bounded threads, so that the event loop never waits and nothing piles up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from regard.serve.problems import Problem

__all__ = ["Lane", "as_exception"]

T = TypeVar("T")


def as_exception(error: BaseException) -> Exception:
    """Return an error as one that handlers of errors catch: a panic of a library is not one.

    Examples
    --------
    >>> as_exception(SystemExit(1))
    RuntimeError('SystemExit')
    """
    return error if isinstance(error, Exception) else RuntimeError(type(error).__name__)


def _called(call: Callable[[], T]) -> T:
    try:
        return call()
    except BaseException as error:
        raise as_exception(error) from error


class Lane:
    """Threads for one kind of work.

    Parameters
    ----------
    name
        For messages.
    threads
        How many calls run at once.
    waiting
        How many may run or wait; more are refused.
    """

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        self._name, self._most = name, waiting
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._inside = 0

    @property
    def depth(self) -> int:
        """Number of calls that run or wait."""
        return self._inside

    async def run(self, call: Callable[[], T], *, seconds: float | None = None) -> T:
        """Return what a call returns.

        A call that takes too long goes on in its thread, and counts until it ends; who waited has gone.

        Raises
        ------
        Problem
            503 where too many calls wait.
        TimeoutError
            After `seconds`.
        """
        if self._inside >= self._most:
            raise Problem(
                "unavailable", f"too many requests wait for {self._name}; come again", retry_after=1
            )
        self._inside += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, lambda: _called(call))
        future.add_done_callback(self._left)
        async with asyncio.timeout(seconds):
            return await asyncio.shield(future)

    def _left(self, future: asyncio.Future[T]) -> None:
        self._inside -= 1
        if not future.cancelled():
            future.exception()  # who waited may be gone: then nobody else takes note of it

    def close(self) -> None:
        """Wait for what runs, and stop."""
        self._pool.shutdown(wait=True, cancel_futures=True)
