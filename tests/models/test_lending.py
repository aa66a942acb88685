"""A new item speaks in the memory as the items most like it; what was learned stays as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from regard.data.columns import Codes
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.items import ItemConfig, ItemEncoder, ItemFeatures
from regard.models.lending import lend
from regard.models.memory import ItemMemory

# Items 0, 2, 4 are of one colour, 1, 3, 5 of another; 4 and 5 are new, 6 is new and nothing is known of it.
COLOUR = Codes(code_R=np.array([2, 3, 2, 3, 2, 3, 0], dtype=np.int32), size=4)
TRAINED = np.array([True, True, True, True, False, False, False])
MEMORY = ItemMemory(
    item_C=torch.tensor([0, 1, 2, 3]),
    neighbour_CK=torch.tensor([[1, 2, 0], [0, 3, 0], [0, 1, 0], [0, 1, 2]]),
    weight_CK=torch.tensor([[0.4, 0.8, 0.0], [0.2, -0.6, 0.0], [0.4, 0.2, 0.0], [0.1, 0.5, 0.05]]),
)


@pytest.fixture
def items() -> ItemEncoder:
    torch.manual_seed(0)
    features = ItemFeatures(columns={"colour": COLOUR}, trained_V=TRAINED)
    return ItemEncoder(ItemConfig(), features, 8, scale=0.1).eval()


def dense(memory: ItemMemory, size: int = 7) -> torch.Tensor:
    """Return the weights of each item's row towards all items."""
    batch = PackedBatch.of(Histories.of([[item] for item in range(size)]))
    return memory.scores(memory.sums(batch, decay=1.0), 0, size)


def test_what_was_learned_between_known_items_stays_bit_for_bit(items: ItemEncoder) -> None:
    assert torch.equal(dense(lend(MEMORY, items, nearest=2))[:4, :4], dense(MEMORY)[:4, :4])


def test_a_new_item_is_reached_as_the_mean_of_those_like_it(items: ItemEncoder) -> None:
    old, lent = dense(MEMORY), dense(lend(MEMORY, items, nearest=2))

    assert torch.allclose(lent[:4, 4], (old[:4, 0] + old[:4, 2]) / 2)
    assert torch.allclose(lent[:4, 5], (old[:4, 1] + old[:4, 3]) / 2)


def test_a_new_item_in_a_history_leads_to_where_those_like_it_lead(items: ItemEncoder) -> None:
    old, lent = dense(MEMORY), dense(lend(MEMORY, items, nearest=2))

    assert torch.allclose(lent[4, :4], (old[0, :4] + old[2, :4]) / 2)


def test_an_item_of_which_nothing_is_known_is_lent_nothing(items: ItemEncoder) -> None:
    lent = lend(MEMORY, items)

    assert 6 not in lent.item_C.tolist()
    assert (dense(lent)[:, 6] == 0).all()


def test_lending_twice_is_lending_once(items: ItemEncoder) -> None:
    once = lend(MEMORY, items, nearest=2)

    assert torch.allclose(dense(lend(once, items, nearest=2)), dense(once))


def test_what_was_lent_is_taken_back_where_nobody_is_new(items: ItemEncoder) -> None:
    lent = lend(MEMORY, items, nearest=2)
    everybody = ItemFeatures(columns={"colour": COLOUR}, trained_V=np.array([True] * 4 + [False] * 3))
    nobody_new = ItemEncoder(ItemConfig(), everybody, 8, scale=0.1)
    nobody_new.cold_V = torch.zeros(7, dtype=torch.bool)

    back = lend(lent, nobody_new)

    assert back.item_C.tolist() == [0, 1, 2, 3]
    assert torch.equal(dense(back), dense(MEMORY))


def test_many_items_in_parts_are_as_all_at_once(items: ItemEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dense(lend(MEMORY, items, nearest=2))
    monkeypatch.setattr("regard.models.lending._ROWS", 1)

    assert torch.allclose(dense(lend(MEMORY, items, nearest=2)), whole)
