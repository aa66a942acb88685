"""Influence of attributes in the caller's words."""

from __future__ import annotations

import json
import math

import polars as pl
import pytest

from regard.explain.attribute_tables import EVENTS, value_text
from regard.model import Model

NEW = pl.DataFrame({"item_id": ["n1", "n2"], "colour": ["red", None], "price": [7.0, None]})


def test_fields_of_the_item_and_the_history_come_with_their_values(coloured: Model) -> None:
    found = coloured.explain(history=["i1", "i2", "i1"], item="i7")
    of_item = found.attributes.filter(pl.col("side") == "item")
    table = coloured.dataset.item_table.filter(pl.col("item_id") == "i7")
    values = dict(of_item.select("field", "value").iter_rows())
    assert values == {"item_id": "i7", "colour": table["colour"][0], "price": f"{table['price'][0]:g}"}
    assert of_item["influence"].is_sorted(descending=True)
    assert of_item["attention"].sum() == pytest.approx(1, abs=1e-6)
    replaced = dict(of_item.select("field", "replaced").iter_rows())
    assert replaced["item_id"] is None
    assert replaced["colour"] is not None
    past = found.attributes.filter(pl.col("side") == "history")
    assert dict(past.select("field", "value").iter_rows())["item_id"] == "i1"


def test_the_most_influential_events_are_looked_at_one_by_one(coloured: Model) -> None:
    found = coloured.explain(user="u1", item="i7")
    assert set(found.event_attributes["position"]) == set(found.events["position"].head(EVENTS))
    assert found.event_attributes.height == 3 * EVENTS
    assert found.event_attributes.columns == ["position", "item_id", "field", "value", "influence"]


def test_the_tables_are_json(coloured: Model) -> None:
    found = coloured.explain(user="u1", item="i7").to_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert {row["side"] for row in found["attributes"]} == {"item", "history"}
    assert len(found["event_attributes"]) == 3 * EVENTS


def test_a_new_item_is_explained_by_its_attributes(coloured: Model) -> None:
    grown = coloured.add_items(NEW).model
    found = grown.explain(user="u1", item="n1")
    of_item = found.attributes.filter(pl.col("side") == "item")
    assert set(of_item["field"]) == {"colour", "price"}
    assert math.isfinite(found.log_probability)


def test_a_new_item_has_no_popularity_to_be_explained_by(coloured: Model) -> None:
    grown = coloured.add_items(NEW).model
    found = grown.explain(history=["never heard of"], item="n1")
    assert found.probability == 0
    assert found.attributes.is_empty()
    assert found.attributes.schema == grown.explain(user="u1", item="n1").attributes.schema
    assert found.event_attributes.schema == grown.explain(user="u1", item="n1").event_attributes.schema


def test_a_history_of_new_items_alone_can_be_explained(coloured: Model) -> None:
    grown = coloured.add_items(NEW).model
    found = grown.explain(history=["n1"], item="i7")
    past = found.attributes.filter(pl.col("side") == "history")
    assert set(past["field"]) == {"colour", "price"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("red", "red"),
        (3, "3"),
        (0.5, "0.5"),
        ([], None),
        (None, None),
        (True, "True"),
        ("x" * 80, "x" * 57 + "..."),
    ],
)
def test_values_are_short_text(value: object, text: str | None) -> None:
    assert value_text(value) == text
