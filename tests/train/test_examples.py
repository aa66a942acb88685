"""Validation asks for what came after the cut, each user counting once."""

from __future__ import annotations

import numpy as np
import pytest

from regard.data.dataset import Dataset
from regard.data.prepare import prepare
from regard.data.split import SplitSpec, hold_out
from regard.data.target import TargetSpec
from regard.model import Model
from regard.train.examples import examples_of, validation_of


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


def shop(*events: str) -> Dataset:
    """A shop that learns from what is bought (b) and, with a tenth of the weight, from what is viewed (v)."""
    rows = [
        (user, event[1:], place, {"b": "buy", "v": "view"}[event[0]])
        for user, written in enumerate(events)
        for place, event in enumerate(written.split())
    ]
    names = ("user_id", "item_id", "timestamp", "event_type")
    dataset = prepare(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))).dataset
    return dataset.asking(TargetSpec(types=("buy", "view"), weights={"view": 0.1}))


def test_validation_asks_for_the_types_of_greatest_weight_also_where_others_came_last() -> None:
    known = shop("v3 v2 v3 b1 v2 v3", "v2 v1 b3 v2", "v3 b2 v1 v2 v3")
    everything = hold_out(known, SplitSpec(kind="leave-last-out"))
    assert set(known.items.decode(everything.queries.target)) == {"2", "3"}  # views, all of them
    held = validation_of(known, SplitSpec(kind="leave-last-out"))
    assert held is not None
    asked = examples_of(held, known, most=10).queries
    assert dict(zip(asked.user.tolist(), known.items.decode(asked.target), strict=True)) == {
        0: "1",
        1: "3",
        2: "2",
    }
    assert asked.histories.lengths[np.argsort(asked.user)].tolist() == [3, 2, 1]
    assert held.train.targets is known.targets  # views are learned from as before


def test_validation_asks_for_all_types_where_nothing_of_the_greatest_can_be_asked() -> None:
    split = SplitSpec(kind="leave-last-out")
    never_asked = (
        shop("b1 v2 v3", "b3 v2 v1"),  # bought first, so that nothing is known before
        shop("v1 b4 v3 v2", "v2 b5 v3 v1"),  # bought once, so that nobody else knows the item
    )
    for known in never_asked:
        held = validation_of(known, split)
        assert held is not None
        assert len(examples_of(held, known, most=10)) == 2
        assert held.queries.targets is known.targets


def test_validation_is_cut_by_time_where_the_test_was_cut_at_a_date_or_not_at_all(model: Model) -> None:
    by_time = hold_out(model.train).cutoff
    for split in (SplitSpec(at="2011-11-01"), SplitSpec(kind="none")):
        held = validation_of(model.train, split)
        assert held is not None
        assert held.cutoff == by_time
    assert validation_of(model.train.part(model.train.histories.latest(1)), SplitSpec()) is None
