"""Rates: how many requests a key may make, by a bucket of tokens that fills again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Rates"]

_MOST = 10_000  # buckets that are remembered


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class Rates:
    """A bucket for each key.

    Parameters
    ----------
    per_second
        Requests that a key may make in the long run.
    burst
        Requests that it may make at once.
    clock
        Seconds, never going back.

    Examples
    --------
    >>> rates = Rates(per_second=2, burst=1, clock=lambda: 0.0)
    >>> rates.take("a"), rates.take("a"), rates.take("b")
    (0.0, 0.5, 0.0)
    """

    def __init__(self, *, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._clock = per_second, burst, clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str) -> float:
        """Take one token; return 0, or the seconds after which there will be one."""
        moment = self._clock()
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = _Bucket(tokens=float(self._burst), filled=moment)
            if len(self._buckets) > _MOST:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(name)
        bucket.tokens = min(self._burst, bucket.tokens + (moment - bucket.filled) * self._per_second)
        bucket.filled = moment
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0.0
        return (1 - bucket.tokens) / self._per_second
