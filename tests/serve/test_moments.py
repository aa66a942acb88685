"""Times as text and as numbers of any unit."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import DataError
from regard.serve.moments import iso, micros, now

MOMENT = 1_700_000_000_000_000


@pytest.mark.parametrize(
    "written",
    [
        1_700_000_000,
        1_700_000_000_000,
        MOMENT,
        MOMENT * 1_000,
        "2023-11-14T22:13:20Z",
        "2023-11-14T23:13:20+01:00",
        "2023-11-14T22:13:20",
        "2023-11-14 22:13:20",
    ],
)
def test_a_moment_is_the_same_however_it_is_written(written: str | int) -> None:
    assert micros(written) == MOMENT


@pytest.mark.parametrize(
    "written", ["yesterday", "", "2023-13-01", "3023-01-01T00:00:00Z", 2**63 - 1, "0001-01-01"]
)
def test_what_is_no_time_or_far_ahead_is_refused(written: str | int) -> None:
    with pytest.raises(DataError):
        micros(written)


def test_the_present_is_accepted_and_written_back() -> None:
    present = now()
    assert micros(present) == micros(iso(present)) == present


@given(st.text(max_size=40) | st.integers(-(2**63), 2**63 - 1))
def test_whatever_comes_is_read_or_refused(written: str | int) -> None:
    with contextlib.suppress(DataError):
        assert iso(micros(written))
