"""New items join a trained model by their attributes; nothing that it knew is lost or changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from regard.additions import add_items
from regard.api import load
from regard.errors import ConfigError, DataError, SchemaError
from regard.model import Model
from regard.models.causal import CausalConfig, CausalModel

NEW = pl.DataFrame({"item_id": ["a new one", "zz"], "colour": ["gold", "red"], "price": [5.0, 6.0]})
USERS = [f"u{user}" for user in range(120)]


def ranks(model: Model, item: str) -> pl.DataFrame:
    lists = model.recommend(users=USERS, k=len(model.dataset.items), exclude_seen=False)
    return lists.filter(pl.col("item_id") == item).select("user_id", "rank")


def test_a_new_item_is_recommended_to_those_who_like_its_colour(coloured: Model) -> None:
    grown = coloured.add_items(NEW).model

    gold, red = ranks(grown, "a new one"), ranks(grown, "zz")
    both = gold.join(red, on="user_id", suffix="_red")
    number = both["user_id"].str.slice(1).cast(pl.Int64) % 4
    assert (both["rank"] < both["rank_red"]).filter(number == 3).mean() > 0.9
    assert (both["rank"] > both["rank_red"]).filter(number == 0).mean() > 0.9


def test_what_was_known_keeps_its_scores_under_new_numbers(coloured: Model) -> None:
    grown = coloured.add_items(NEW).model

    before = coloured.recommend(users=USERS, k=10)
    after = grown.recommend(users=USERS, k=10, exclude=["a new one", "zz"])
    assert after["item_id"].equals(before["item_id"])
    assert (after["score"] - before["score"]).abs().max() < 1e-4  # type: ignore[operator]
    assert grown.dataset.items.ids[0] == "a new one"
    assert "a new one" not in coloured.dataset.items.ids


def test_it_says_what_it_took_and_what_it_left(coloured: Model) -> None:
    given = pl.DataFrame(
        {
            "item_id": ["i7", "x", "y"],
            "colour": ["gold", None, "violet"],
            "price": [1.0, None, None],
            "smell": ["a", "b", "c"],
        }
    )

    added = add_items(coloured, given)

    assert (added.new, added.changed, added.without_attributes) == (2, 1, 1)
    assert added.ignored == ("smell",)
    colour = next(report for report in added.reports if report.name == "colour")
    assert (colour.missing, colour.unseen) == (1, 1)


def test_an_item_without_any_attribute_is_never_recommended(coloured: Model) -> None:
    grown = coloured.add_items(pl.DataFrame({"item_id": ["x"], "colour": [None]})).model

    assert len(ranks(grown, "x")) == 0


def test_a_known_item_gets_the_attributes_of_its_new_row(coloured: Model) -> None:
    number = coloured.dataset.items.encode(["i7"])[0]
    old = coloured.dataset.item_table.row(int(number), named=True)

    grown = coloured.add_items(pl.DataFrame({"item_id": ["i7"], "colour": ["gold"], "price": [1.0]})).model

    assert grown.dataset.item_table.row(int(number), named=True) == {**old, "colour": "gold", "price": 1.0}
    assert len(grown.dataset.items) == len(coloured.dataset.items)


def test_a_grown_model_is_saved_and_loaded_with_the_same_lists(coloured: Model, tmp_path: Path) -> None:
    grown = coloured.add_items(NEW).model
    grown.save(tmp_path / "model")

    back = load(tmp_path / "model")

    assert back.recommend(users=USERS, k=20).equals(grown.recommend(users=USERS, k=20))
    assert back.add_items(NEW).changed == 2


def test_a_new_item_in_a_history_is_read(coloured: Model) -> None:
    grown = coloured.add_items(NEW).model

    lists = grown.recommend(histories=[["a new one", "a new one"]], k=5)

    assert lists["unknown_items"].to_list() == [0] * 5
    assert set(lists["source"]) == {"model"}


def test_a_model_without_attributes_cannot_take_new_items(model: Model) -> None:
    with pytest.raises(ConfigError, match="train it with a table of items"):
        add_items(replace(model, network=_ids_only(model)), NEW)


def _ids_only(model: Model) -> CausalModel:
    return CausalModel(CausalConfig(width=8), num_items=len(model.dataset.items))


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"item_id": ["x", "x"], "colour": ["red", "blue"]}, DataError, "one row per id"),
        ({"item_id": ["x", None], "colour": ["red", "blue"]}, DataError, "null item_id"),
        ({"colour": ["red"]}, SchemaError, "item_id"),
        ({"item_id": ["x"], "price": ["cheap"]}, DataError, "'price'"),
    ],
)
def test_a_bad_table_is_refused_by_column_and_value(
    coloured: Model, given: dict[str, list[object]], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        coloured.add_items(pl.DataFrame(given))
