"""A body is bounded while it is read: what is too much is not read to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from regard.serve.limits import Limits, read_body
from regard.serve.problems import Problem

SMALL = Limits(body_bytes=1_024, body_seconds=0.1)


class Sent:
    """Chunks as they come from a client, counting what was taken."""

    def __init__(self, chunks: list[bytes], *, wait: float = 0.0) -> None:
        self.chunks, self.wait, self.taken = chunks, wait, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            await asyncio.sleep(self.wait)
            self.taken += 1
            yield chunk


def read(sent: Sent, declared: str | None = None) -> bytes:
    return asyncio.run(read_body(sent.__aiter__(), SMALL, declared=declared))


def test_a_body_is_put_together() -> None:
    assert read(Sent([b"{", b"}"])) == b"{}"
    assert read(Sent([])) == b""


def test_reading_stops_where_a_body_becomes_too_large() -> None:
    sent = Sent([b"x" * 1_000] * 1_000)
    with pytest.raises(Problem) as caught:
        read(sent)
    assert (caught.value.status, sent.taken) == (413, 2)


@pytest.mark.parametrize(
    ("declared", "status"), [("1025", 413), ("9" * 40, 413), ("-1", 400), ("١", 400), ("", 400)]
)
def test_a_length_that_is_wrong_is_refused_unread(declared: str, status: int) -> None:
    sent = Sent([b"{}"])
    with pytest.raises(Problem) as caught:
        read(sent, declared)
    assert (caught.value.status, sent.taken) == (status, 0)


def test_a_body_that_drips_is_given_up() -> None:
    with pytest.raises(Problem) as caught:
        read(Sent([b"x"] * 100, wait=0.03))
    assert caught.value.status == 408
