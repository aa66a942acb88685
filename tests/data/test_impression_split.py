"""Splitting impressions by time: nothing that is learnt from is later than what is asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from regard.data.impression_split import split_impressions
from regard.data.impressions import Impressions
from regard.data.packing import NO_TIME
from regard.data.split import SplitSpec
from regard.errors import SplitError

DAY = 86_400 * 10**6
SHOWN = Impressions.of(
    [[1, 2]] * 10, clicked=[[1]] * 10, times=[day * DAY for day in (3, 1, 2, 0, 4, 9, 8, 7, 6, 5)]
)


def test_training_ends_before_the_test_begins_and_nothing_is_lost() -> None:
    parts = split_impressions(SHOWN, SplitSpec(quantile=0.7))
    assert parts.train.time_I.max() < parts.cutoff <= parts.test.time_I.min()
    assert len(parts.train) + len(parts.test) == 10
    again = split_impressions(parts.train, SplitSpec(quantile=0.7))
    assert again.test.time_I.max() < parts.cutoff


def test_impressions_of_one_moment_stay_together() -> None:
    tied = replace(SHOWN, time_I=np.array([0, 0, 0, 5, 5, 5, 5, 5, 9, 9]))
    parts = split_impressions(tied, SplitSpec(quantile=0.5))
    assert (len(parts.train), len(parts.test), parts.cutoff) == (3, 7, 5)


@pytest.mark.parametrize("time", [NO_TIME, DAY])
def test_a_log_without_times_or_of_one_moment_is_cut_in_its_own_order(time: int) -> None:
    untimed = replace(SHOWN, time_I=np.full(10, time), user_I=np.arange(10, dtype=np.int32))
    parts = split_impressions(untimed, SplitSpec(quantile=0.7))
    assert (parts.train.user_I.tolist(), parts.test.user_I.tolist()) == ([*range(6)], [*range(6, 10)])
    assert parts.cutoff == 6


def test_a_date_cuts_there() -> None:
    parts = split_impressions(SHOWN, SplitSpec.parse("time:1970-01-03"))
    assert parts.cutoff == 2 * DAY
    assert len(parts.train) == 2


@pytest.mark.parametrize(
    ("impressions", "spec", "message"),
    [
        (SHOWN, "leave-last-out", "split by time only"),
        (
            replace(SHOWN, time_I=np.full(10, NO_TIME)),
            "time:2020-01-01",
            "10 of 10 impressions have no times",
        ),
        (replace(SHOWN, time_I=np.array([NO_TIME, *range(9)])), "time", "1 of 10 impressions have no times"),
        (SHOWN, "time:2020-01-01", "no impression is from 2020.*span 1970-01-01"),
        (SHOWN, "time:1970-01-01", "no impression is before"),
        (
            replace(SHOWN, labels={"click": (SHOWN.rows() > 3).astype(np.float32)}),
            "time:1970-01-02",
            "are alike",
        ),
    ],
)
def test_a_split_that_leaves_nothing_says_why(impressions: Impressions, spec: str, message: str) -> None:
    with pytest.raises(SplitError, match=message):
        split_impressions(impressions, SplitSpec.parse(spec))
