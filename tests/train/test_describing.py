"""The table of items becomes columns; kinds are guessed, and what a person says is taken."""

from __future__ import annotations

import polars as pl
import pytest

from regard.data.columns import Codes, Numbers
from regard.data.dataset import Dataset
from regard.data.fields import Fields
from regard.data.prepare import prepare
from regard.errors import SchemaError
from regard.train.describing import Description, describe_items


@pytest.fixture
def log(colours: tuple[pl.DataFrame, pl.DataFrame]) -> Dataset:
    events, items = colours
    return prepare(events, items=items).dataset


def test_kinds_are_guessed(log: Dataset) -> None:
    described = describe_items(log, said=None)

    assert isinstance(described.columns["colour"], Codes)
    assert isinstance(described.columns["price"], Numbers)
    assert [report.name for report in described.reports] == ["colour", "price"]


def test_what_a_person_says_is_taken(log: Dataset) -> None:
    described = describe_items(log, said=Fields.parse({"items": {"price": "ignore"}}))

    assert list(described.columns) == ["colour"]


def test_a_field_that_the_table_lacks_is_refused(log: Dataset) -> None:
    with pytest.raises(SchemaError, match="did you mean 'colour'"):
        describe_items(log, said=Fields.parse({"items": {"color": "category"}}))


def test_without_a_table_of_items_there_is_nothing_to_describe(
    colours: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    events, _ = colours

    assert describe_items(prepare(events).dataset, said=None) == Description()


def test_coders_learn_nothing_from_items_that_training_has_no_events_of(log: Dataset) -> None:
    table = log.item_table.with_columns(
        colour=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("late")).otherwise("colour")
    )
    train = log.part(log.histories.without_latest(10**6))
    described = describe_items(Dataset(**{**_fields(train), "item_table": table}), said=None)

    assert {report.unseen for report in described.reports if report.name == "colour"} == {len(log.items)}


def _fields(dataset: Dataset) -> dict[str, object]:
    return {name: getattr(dataset, name) for name in dataset.__slots__}
