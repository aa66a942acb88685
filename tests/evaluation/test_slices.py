"""Buckets of users by a number."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regard.evaluation.slices import quantile_buckets


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(1, 6))
def test_every_user_is_in_exactly_one_bucket_within_its_bounds(numbers, parts):
    numbers = np.array(numbers)
    buckets = quantile_buckets(numbers, parts=parts)
    rows = np.concatenate([bucket.rows for bucket in buckets])
    assert sorted(rows.tolist()) == list(range(len(numbers)))
    for bucket in buckets:
        assert numbers[bucket.rows].min() == bucket.low
        assert numbers[bucket.rows].max() == bucket.high
    for lower, upper in itertools.pairwise(buckets):
        assert lower.high < upper.low


def test_distinct_numbers_make_buckets_of_equal_size():
    buckets = quantile_buckets(np.arange(1, 101))
    assert [len(bucket.rows) for bucket in buckets] == [25, 25, 25, 25]
    assert [bucket.label for bucket in buckets] == ["1 to 25", "26 to 50", "51 to 75", "76 to 100"]


def test_never_is_a_bucket_of_its_own():
    assert quantile_buckets(np.array([0, 0, 1, 1000]))[0].label == "0"
    assert quantile_buckets(np.array([1000, 0, 1000]))[1].label == "1,000"
