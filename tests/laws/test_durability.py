"""Law: what was acknowledged is there after any crash, once. The short version of `benchmarks/serve/faults.py`."""

from __future__ import annotations

import pytest
from benchmarks.serve.faults import run_rounds
from benchmarks.serve.servers import NotInstalled


@pytest.mark.parametrize(("store", "rounds"), [("sqlite", 10), ("postgres", 3), ("redis", 3)])
def test_a_kill_at_a_random_moment_loses_nothing_and_doubles_nothing(store: str, rounds: int) -> None:
    try:
        fate = run_rounds(store, rounds, seed=1)
    except NotInstalled as missing:
        pytest.skip(str(missing))
    assert fate.rounds == rounds
    assert fate.acknowledged > 50
    assert (fate.lost, fate.twice, fate.torn, fate.stored_again) == (0, 0, 0, 0)
