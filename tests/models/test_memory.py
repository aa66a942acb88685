"""The memory adds up the neighbours of the distinct items of a history."""

from __future__ import annotations

import pytest
import torch

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.memory import ItemMemory

MEMORY = ItemMemory(
    item_C=torch.tensor([1, 3, 4]),
    neighbour_CK=torch.tensor([[1, 2], [0, 2], [0, 1]]),
    weight_CK=torch.tensor([[0.5, -0.25], [1.0, 2.0], [4.0, 8.0]]),
)


def test_repeats_count_once_and_unknown_items_not_at_all() -> None:
    sums = MEMORY.sums(PackedBatch.of(Histories.of([[1, 1, 0], [3, 4], []])), decay=1.0)
    assert sums.tolist() == [[0.0, 0.5, -0.25], [5.0, 8.0, 2.0], [0.0, 0.0, 0.0]]


def test_ranges_and_lists_of_items_agree() -> None:
    sums = MEMORY.sums(PackedBatch.of(Histories.of([[3, 4]])), decay=1.0)
    whole = MEMORY.scores(sums, 0, 6)
    assert whole.tolist() == [[0.0, 5.0, 0.0, 8.0, 2.0, 0.0]]
    assert torch.equal(MEMORY.scores(sums, 3, 5), whole[:, 3:5])
    items = torch.tensor([5, 1, 4])
    assert torch.equal(MEMORY.scores_of(sums, items), whole[:, items])


def test_by_decay_an_item_counts_from_its_latest_occurrence() -> None:
    whole = MEMORY.sums(PackedBatch.of(Histories.of([[1]])), decay=0.5)
    sums = MEMORY.sums(PackedBatch.of(Histories.of([[1, 1, 0, 0], [1]])), decay=0.5)
    assert torch.equal(sums, whole * torch.tensor([[0.25], [1.0]]))


def test_an_event_so_long_ago_that_it_counts_nothing_is_not_heard() -> None:
    recent, long_ago = [0] * 20, [3] + [0] * 30
    sums = MEMORY.sums(PackedBatch.of(Histories.of([[3, *recent], long_ago])), decay=0.5)
    assert sums[0].tolist() == [2.0**-20, 0.0, 2.0 * 2.0**-20]
    assert sums[1].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("decay", [1.0, 0.5, 0.0])
def test_sums_without_each_event_are_those_of_the_shortened_histories(decay: float) -> None:
    items = [1, 3, 1, 0, 4, 3, 3]
    found = MEMORY.sums_without_each(PackedBatch.of(Histories.of([items])), decay=decay)
    shortened = Histories.of([items[:hole] + items[hole + 1 :] for hole in range(len(items))])
    torch.testing.assert_close(found, MEMORY.sums(PackedBatch.of(shortened), decay=decay))


def test_a_memory_of_nothing_has_no_sums() -> None:
    nothing = torch.zeros(0, 2)
    empty = ItemMemory(item_C=torch.zeros(0).long(), neighbour_CK=nothing.long(), weight_CK=nothing)
    assert empty.sums_without_each(PackedBatch.of(Histories.of([[1, 2]])), decay=1.0).shape == (2, 0)
