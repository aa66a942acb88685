"""Validation asks for what came after the cut, each user counting once."""

from __future__ import annotations

import numpy as np
import pytest

from regard.data.split import hold_out
from regard.model import Model
from regard.train.examples import examples_of


def test_targets_come_after_the_cut_and_can_be_recommended(model: Model) -> None:
    held = hold_out(model.train)
    asked = examples_of(held, model.train, most=500)
    assert 0 < len(asked) <= 500
    assert (asked.queries.target_time >= held.cutoff).all()
    assert (held.train.item_counts[asked.queries.target] > 0).all()
    for row in range(20):
        assert asked.queries.target[row] not in asked.queries.histories.items_of(row)


def test_every_user_counts_the_same(model: Model) -> None:
    asked = examples_of(hold_out(model.train), model.train, most=10_000)
    totals = np.bincount(asked.queries.user, weights=asked.weight_E)
    assert asked.weight_E.sum() == pytest.approx(1.0)
    assert np.ptp(totals[totals > 0]) == pytest.approx(0.0, abs=1e-9)
