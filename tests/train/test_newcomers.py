"""What is taken from new items is found where answers were new, or where known items are asked for as if new."""

from __future__ import annotations

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


def _shop(seed: int) -> tuple[Dataset, CausalModel]:
    """Thirty items of three colours; everyone keeps to one colour, and the model knows colours alone."""
    rng = np.random.default_rng(seed)
    colour_V = np.arange(30) % 3
    wanted = rng.integers(0, 3, size=300)
    item = np.array([rng.permutation(np.flatnonzero(colour_V == colour))[:5] for colour in wanted])
    log = prepare(
        {"user_id": np.repeat(np.arange(300), 5), "item_id": item.ravel(), "timestamp": np.arange(1500)}
    ).dataset
    colour = Codes(code_R=(2 + colour_V).astype(np.int32), size=5)
    features = ItemFeatures(columns={"colour": colour}, trained_V=np.ones(30, dtype=bool))
    torch.manual_seed(seed)
    config = CausalConfig(width=16, dropout=0, embedding_dropout=0)
    return log, CausalModel(config, num_items=30, features=features).eval()


def test_new_items_that_are_shouted_down_are_helped() -> None:
    known, model = _shop(0)
    held = hold_out(known, SplitSpec(kind="leave-last-out"))
    loud = torch.full((30,), 50.0)  # every known item has this added; who is new has nothing
    heard = Blend(weights=BlendWeights(trend=1.0), trend_V=loud)
    taken = taken_from_new(model, heard, held, known, spread=20.0, most=500)
    assert taken < 0


def test_a_model_without_attributes_takes_nothing() -> None:
    known, _ = _shop(0)
    held = hold_out(known, SplitSpec(kind="leave-last-out"))
    plain = CausalModel(CausalConfig(width=8), num_items=30).eval()
    assert taken_from_new(plain, Blend.none(30), held, known, spread=1.0, most=100) == 0.0
