"""Calls that block: in threads, bounded, and given up in time."""

from __future__ import annotations

import asyncio
import threading

import pytest

from regard.serve.lanes import Lane
from regard.serve.problems import Problem


def test_a_call_gives_what_it_returns_or_raises() -> None:
    async def both() -> int:
        lane = Lane("tests", threads=1, waiting=2)
        with pytest.raises(ZeroDivisionError):
            await lane.run(lambda: 1 // 0)
        return await lane.run(lambda: 7)

    assert asyncio.run(both()) == 7


def test_a_panic_of_a_library_is_an_error_like_others() -> None:
    def panic() -> None:
        raise BaseException("a panic is no Exception")  # noqa: TRY002

    with pytest.raises(RuntimeError, match="BaseException"):
        asyncio.run(Lane("tests", threads=1, waiting=2).run(panic))


def test_more_calls_than_may_wait_are_refused_and_one_that_is_given_up_still_counts() -> None:
    async def full() -> None:
        lane, gate = Lane("tests", threads=1, waiting=2), threading.Event()
        with pytest.raises(TimeoutError):
            await lane.run(gate.wait, seconds=0.05)
        waiting = asyncio.create_task(lane.run(lambda: 1))
        await asyncio.sleep(0)
        with pytest.raises(Problem) as caught:
            await lane.run(lambda: 2)
        assert caught.value.status == 503
        gate.set()
        assert await waiting == 1
        await asyncio.sleep(0.05)
        assert lane.depth == 0
        lane.close()

    asyncio.run(full())
