"""A data set is frozen, and a part of it shares everything but its ranges."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest

from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.vocab import Vocab


@pytest.fixture
def dataset() -> Dataset:
    return Dataset(
        users=Vocab.of(["u", "v"]),
        items=Vocab.of([10, 20, 30]),
        histories=Histories.of([[0, 1, 0], [1]]),
        item_table=pl.DataFrame({"item_id": [10, 20, 30], "title": ["Ten", None, "Thirty"]}),
        user_table=pl.DataFrame({"user_id": ["u", "v"]}),
    )


def test_it_counts_events_and_items(dataset: Dataset) -> None:
    assert dataset.num_events == 4
    assert dataset.item_counts.tolist() == [2, 2, 0]


def test_a_part_has_other_events_of_the_same_users_and_items(dataset: Dataset) -> None:
    part = dataset.part(dataset.histories.without_latest(1))
    assert part.item_counts.tolist() == [1, 1, 0]
    assert part.items is dataset.items


def test_titles_fall_back_to_ids(dataset: Dataset) -> None:
    assert dataset.titles().to_list() == ["Ten", "20", "Thirty"]
    untitled = dataclasses.replace(dataset, item_table=dataset.item_table.drop("title"))
    assert untitled.titles().to_list() == ["10", "20", "30"]


def test_it_cannot_be_changed(dataset: Dataset) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset.users = Vocab.of(["w"])  # type: ignore[misc]


def test_tables_that_do_not_fit_the_vocabularies_are_our_own_mistake(dataset: Dataset) -> None:
    with pytest.raises(AssertionError):
        dataclasses.replace(dataset, item_table=dataset.item_table.head(2))
