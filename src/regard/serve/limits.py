"""Limits: how large, how deep and how slow a request may be, enforced while it is read.

What belongs to the contract of a request (how many events, how long an id) is a constant and stands in the
OpenAPI document too; what depends on the machine is a setting.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import pydantic

from regard.config import Config
from regard.serve.problems import Problem

__all__ = [
    "MAX_BATCH",
    "MAX_DEPTH",
    "MAX_EXPLAINED",
    "MAX_FIELDS",
    "MAX_FILTER",
    "MAX_HISTORY",
    "MAX_ID",
    "MAX_K",
    "MAX_LIST",
    "MAX_TEXT",
    "Limits",
    "read_body",
]

MAX_BATCH: Final = 1_000  # events of one request
MAX_HISTORY: Final = 1_000  # items of a bare history
MAX_FILTER: Final = 1_000  # items that a list is chosen from, or kept out of it
MAX_K: Final = 200
MAX_EXPLAINED: Final = 20  # items of a list that is explained
MAX_ID: Final = 256  # characters
MAX_FIELDS: Final = 64  # further columns of an event, attributes of an item
MAX_LIST: Final = 64  # values of one attribute
MAX_TEXT: Final = 4_096  # characters of a value
MAX_DEPTH: Final = 6


class Limits(Config):
    """What one request may cost.

    Attributes
    ----------
    body_bytes
        Of a request.
    body_seconds
        In which a request must have been sent.
    seconds
        After which a list is answered with popular items instead.
    slow_seconds
        The same for what is slow by its nature: explanations, traces, new items.
    waiting
        Lists that may wait to be made; more are refused with a time after which to come again.
    requests
        In the house at once.
    user_events
        The latest events of a user that are remembered: an older item may be recommended again.
    """

    body_bytes: int = pydantic.Field(default=1 << 20, ge=1_024, le=1 << 28)
    body_seconds: float = pydantic.Field(default=10.0, gt=0, le=600)
    seconds: float = pydantic.Field(default=1.0, gt=0, le=60)
    slow_seconds: float = pydantic.Field(default=20.0, gt=0, le=600)
    waiting: int = pydantic.Field(default=512, ge=1)
    requests: int = pydantic.Field(default=2_048, ge=1)
    user_events: int = pydantic.Field(default=1_000, ge=1, le=100_000)


async def read_body(stream: AsyncIterator[bytes], limits: Limits, *, declared: str | None) -> bytes:
    """Return the body of a request, or stop reading as soon as it is too large or too slow.

    Parameters
    ----------
    stream
        The body as it comes.
    limits
        How much, and in what time.
    declared
        The header ``content-length``, if there is one: what says that it is too large is not read at all.

    Raises
    ------
    Problem
        413, 408, or 400 for a length that is no number.
    """
    if declared is not None:
        if not (declared.isascii() and declared.isdecimal()):
            raise Problem("bad_request", "content-length is no number")
        if len(declared) > 18 or int(declared) > limits.body_bytes:
            raise _too_large(limits)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for part in stream:
                size += len(part)
                if size > limits.body_bytes:
                    raise _too_large(limits)
                parts.append(part)
    except TimeoutError:
        raise Problem("request_timeout", f"the body took more than {limits.body_seconds:g} s") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limits: Limits) -> Problem:
    return Problem("payload_too_large", f"the body has more than {limits.body_bytes:,} bytes")
