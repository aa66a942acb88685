"""Validation asks for what came after the cut, each user counting once."""

from __future__ import annotations

import numpy as np
import pytest

from regard.data.prepare import prepare
from regard.data.split import SplitSpec, hold_out
from regard.data.target import TargetSpec
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


def test_targets_count_in_validation_what_they_count_in_the_loss() -> None:
    rows = [
        (user, f"i{(user + place) % 7}", place, "buy" if place % 2 else "view")
        for user in range(4)
        for place in range(6)
    ]
    names = ("user_id", "item_id", "timestamp", "event_type")
    dataset = prepare(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))).dataset
    asked = dataset.asking(TargetSpec(types=("buy", "view"), weights={"view": 0.25}))
    examples = examples_of(hold_out(asked, SplitSpec(quantile=0.5)), asked, most=100)
    kind = asked.histories.fields["event_type"][examples.queries.histories.stop]
    assert asked.event_types is not None
    user = examples.queries.user
    each = examples.weight_E * np.bincount(user)[user]  # a user counts the same, however many are asked
    buy, view = (each[kind == code] for code in asked.event_types.encode(["buy", "view"]))
    assert len(view) > 0
    np.testing.assert_allclose(view, buy[0] / 4)
    assert examples.weight_E.sum() == pytest.approx(1.0)
