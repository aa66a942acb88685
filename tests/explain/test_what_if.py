"""What other values would do for an item, by the names and values of the caller's table."""

from __future__ import annotations

import json

import polars as pl
import pytest

from regard.data.coding import Coders
from regard.errors import ConfigError, UnknownIdError
from regard.explain.what_if import encode_values
from regard.model import Model


def _value(model: Model, item: str, name: str) -> object:
    return model.dataset.item_table.filter(pl.col("item_id") == item)[name][0]


def test_the_value_that_the_item_has_changes_nothing_and_another_does(coloured: Model) -> None:
    own = _value(coloured, "i7", "colour")
    other = next(colour for colour in ("red", "blue") if colour != own)
    assert coloured.what_if(user="u0", item="i7", instead={"colour": own}).change == pytest.approx(
        0, abs=1e-5
    )
    found = coloured.what_if(user="u0", item="i7", instead={"colour": other})
    assert abs(found.change) > 1e-3
    assert found.unseen == ()
    assert json.loads(json.dumps(found.to_json()))["item_id"] == "i7"


def test_a_missing_value_is_the_influence_of_the_field(coloured: Model) -> None:
    attributes = coloured.explain(user="u0", item="i7").attributes
    row = attributes.filter((pl.col("side") == "item") & (pl.col("field") == "price"))
    found = coloured.what_if(user="u0", item="i7", instead={"price": None})
    assert found.change == pytest.approx(-row["influence"][0], abs=1e-5)


def test_text_is_read_as_the_type_of_the_column(coloured: Model) -> None:
    number = coloured.what_if(user="u0", item="i7", instead={"price": 3.5})
    text = coloured.what_if(user="u0", item="i7", instead={"price": "3.5"})
    assert text == number
    with pytest.raises(ConfigError, match=r"price = 'cheap'.*Float64"):
        coloured.what_if(user="u0", item="i7", instead={"price": "cheap"})


def test_a_value_that_training_did_not_know_is_said(coloured: Model) -> None:
    assert coloured.what_if(user="u0", item="i7", instead={"colour": "mauve"}).unseen == ("colour",)


def test_popularity_reads_no_attribute(coloured: Model) -> None:
    assert coloured.what_if(history=["never heard of"], item="i7", instead={"colour": "red"}).factor == 1


def test_what_the_model_does_not_know_is_refused(coloured: Model) -> None:
    with pytest.raises(ConfigError, match="no field 'color' of items; did you mean 'colour'"):
        coloured.what_if(user="u0", item="i7", instead={"color": "red"})
    with pytest.raises(UnknownIdError):
        coloured.what_if(user="u0", item="i-7", instead={"colour": "red"})
    with pytest.raises(ConfigError, match="by their histories alone"):
        encode_values(Coders(), {"colour": "red"}, pl.DataFrame())
