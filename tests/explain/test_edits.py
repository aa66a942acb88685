"""Edited histories are the history without some events, and nothing else."""

from __future__ import annotations

import numpy as np

from regard.data.histories import Histories
from regard.explain.edits import edited, reordered


def log() -> Histories:
    """The second of three rows of a longer log."""
    whole = Histories(
        start=np.array([0, 2, 5]),
        stop=np.array([2, 5, 6]),
        item=np.arange(6, dtype=np.int32),
        time=np.arange(60, 66),
        fields={"weight": np.arange(6) / 2},
        asked=np.array([70, 71, 72]),
        user=np.array([7, 8, 9]),
    )
    return whole.take(slice(1, 2))


def test_times_fields_user_and_moment_stay_with_the_events_that_are_kept() -> None:
    kept = np.array([[True, False, True], [False, False, False], [True, True, True]])
    edits = edited(log(), kept)
    assert [edits.items_of(row).tolist() for row in range(3)] == [[2, 4], [], [2, 3, 4]]
    assert edits.times_of(0).tolist() == [62, 64]
    assert edits.fields["weight"].tolist() == [1.0, 2.0, 1.0, 1.5, 2.0]
    assert edits.asked is not None
    assert edits.user is not None
    assert (edits.asked.tolist(), edits.user.tolist()) == ([71] * 3, [8] * 3)


def test_reordering_moves_events_whole() -> None:
    moved = reordered(log(), np.array([2, 0, 1]))
    assert moved.items_of(0).tolist() == [4, 2, 3]
    assert moved.times_of(0).tolist() == [64, 62, 63]
    assert moved.fields["weight"].tolist() == [2.0, 1.0, 1.5]
