"""What is taken from new items is found where answers were new, or where known items are asked for as if new."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from regard.data.columns import Codes
from regard.data.dataset import Dataset
from regard.data.prepare import prepare
from regard.data.split import SplitSpec, hold_out
from regard.models.blend import Blend, BlendWeights
from regard.models.causal import CausalConfig, CausalModel
from regard.models.items import ID_FIELD, ItemConfig, ItemEncoder, ItemFeatures
from regard.train.newcomers import forgotten, pretended, taken_from_new


def test_one_in_ten_of_every_frequency_is_pretended_to_be_new() -> None:
    counts = np.arange(1000)[::-1]
    gone_V = pretended(counts, np.ones(1000, dtype=bool))
    assert gone_V[:999].reshape(-1, 9).any(1).sum() >= 80
    assert [int(gone_V[ten : ten + 10].sum()) for ten in range(0, 990, 10)] == [1] * 99


def test_items_without_events_or_attributes_are_not_pretended_to_be_new() -> None:
    counts, described_V = np.array([0] * 20 + [5] * 40), np.array([True] * 40 + [False] * 20)
    gone_V = pretended(counts, described_V)
    assert gone_V.sum() == 2
    assert not gone_V[:20].any()
    assert not gone_V[40:].any()


def test_few_items_are_left_alone() -> None:
    assert not pretended(np.ones(9), np.ones(9, dtype=bool)).any()


def test_a_forgotten_item_speaks_by_its_attributes_and_is_known_again_afterwards() -> None:
    colour = Codes(code_R=np.array([2, 3, 2], dtype=np.int32), size=4)
    features = ItemFeatures(columns={"colour": colour}, trained_V=np.array([True, True, False]))
    items = ItemEncoder(ItemConfig(), features, 8, scale=0.1).eval()
    place, every = items.names.index(ID_FIELD), torch.arange(3)
    before = items(every)
    with forgotten(items, np.array([True, False, False])):
        assert items.cold_V.tolist() == [True, False, True]
        assert items.fused(every).weight_RF[:, place].tolist()[0] == 0
        torch.testing.assert_close(items(every)[0], items(every)[2])
    torch.testing.assert_close(items(every), before)
    assert items.cold_V.tolist() == [False, False, True]


def _shop(last: list[int]) -> tuple[Dataset, CausalModel]:
    """Forty items of three colours; three hundred users had four of the first thirty, then one of `last`."""
    rng = np.random.default_rng(0)
    item = np.array([[*rng.permutation(30)[:4], rng.choice(last)] for _ in range(300)])
    every = np.concatenate(
        [item.ravel(), np.arange(40)]
    )  # the last user had them all, and is taken out again
    log = prepare(
        {"user_id": [*np.repeat(np.arange(300), 5), *[300] * 40], "item_id": every, "timestamp": range(1540)}
    ).dataset
    full = log.histories
    log = log.part(replace(full, stop=np.where(np.arange(301) < 300, full.stop, full.start)))
    colour = Codes(code_R=(2 + np.arange(40) % 3).astype(np.int32), size=5)
    features = ItemFeatures(columns={"colour": colour}, trained_V=np.arange(40) < 30)
    return log, CausalModel(CausalConfig(width=16), num_items=40, features=features).eval()


def _taken(known: Dataset, model: CausalModel) -> float:
    """What is taken where every known item has so much added that a new one is never heard."""
    held = hold_out(known, SplitSpec(kind="leave-last-out"))
    loud = 50.0 * torch.from_numpy(held.train.item_counts > 0)
    heard = Blend(weights=BlendWeights(trend=1.0), trend_V=loud)
    return taken_from_new(model, heard, held, known, spread=20.0, most=500)


def test_new_items_that_nobody_would_hear_are_helped_where_they_are_wanted() -> None:
    assert _taken(*_shop(last=list(range(30, 40)))) < 0


def test_known_items_stand_in_where_nothing_new_was_wanted() -> None:
    before, _ = _shop(last=list(range(30)))
    counts = hold_out(before, SplitSpec(kind="leave-last-out")).train.item_counts
    gone_V = pretended(counts, np.ones(40, dtype=bool))
    known, model = _shop(last=np.flatnonzero(gone_V).tolist())
    assert _taken(known, model) < 0


def test_a_model_without_attributes_takes_nothing() -> None:
    known, _ = _shop([0])
    held = hold_out(known, SplitSpec(kind="leave-last-out"))
    plain = CausalModel(CausalConfig(width=8), num_items=40).eval()
    assert taken_from_new(plain, Blend.none(40), held, known, spread=1.0, most=100) == 0.0


def test_the_more_may_be_given_up_the_louder_new_items_speak() -> None:
    before, _ = _shop(last=list(range(30)))
    held = hold_out(before, SplitSpec(kind="leave-last-out"))
    _, model = _shop(last=list(range(30)))
    quiet = Blend(weights=BlendWeights(), trend_V=torch.zeros(40))
    taken = [
        taken_from_new(model, quiet, held, before, spread=1.0, most=500, given=given)
        for given in (0.0, 0.2, 0.9)
    ]
    assert taken == sorted(taken, reverse=True)
    assert taken[2] < taken[0]
