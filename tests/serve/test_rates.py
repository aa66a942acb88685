"""A bucket for each key: bursts are allowed, and in the long run no more than the rate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from regard.serve.rates import Rates


@given(st.lists(st.floats(0, 2), max_size=200))
def test_no_more_than_burst_and_rate_get_through(pauses: list[float]) -> None:
    moment = [0.0]
    rates = Rates(per_second=5, burst=3, clock=lambda: moment[0])
    through = 0
    for pause in pauses:
        moment[0] += pause
        through += rates.take("key") == 0.0
    assert through <= 3 + 5 * moment[0] + 1e-6


def test_who_waits_as_long_as_was_said_gets_through() -> None:
    moment = [0.0]
    rates = Rates(per_second=2, burst=1, clock=lambda: moment[0])
    assert rates.take("key") == 0.0
    moment[0] += rates.take("key")
    assert rates.take("key") == 0.0


def test_many_names_take_no_more_memory_than_was_set() -> None:
    rates = Rates(per_second=1, burst=1, clock=lambda: 0.0)
    for name in range(30_000):
        rates.take(str(name))
    assert rates.take("29999") > 0
