"""Users of one length share a batch, all users get one, and no batch is too large."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regard.recommend.batches import batches_of


@given(st.lists(st.integers(0, 40), max_size=200), st.integers(1, 200), st.integers(1, 30))
def test_every_user_is_in_one_batch_and_batches_fit(lengths, events, users):
    lengths = np.array(lengths, dtype=np.int64)
    batches = list(batches_of(lengths, most_events=events, most_users=users))
    assert sorted(row for batch in batches for row in batch.tolist()) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= users
        assert len(batch) == 1 or len(batch) * lengths[batch].max() <= events


def test_a_length_that_many_users_share_has_batches_of_its_own():
    lengths = np.array([5] * 30 + [50] * 100 + [51, 60] + [200] * 100)
    batches = list(batches_of(lengths, most_events=4_096, most_users=64))
    shapes = [(len(batch), sorted(set(lengths[batch].tolist()))) for batch in batches]
    assert shapes == [(30, [5]), (64, [50]), (36, [50]), (2, [51, 60]), *[(20, [200])] * 5]


def test_nobody_needs_no_batch():
    assert list(batches_of(np.empty(0, dtype=np.int64), most_events=10, most_users=10)) == []
