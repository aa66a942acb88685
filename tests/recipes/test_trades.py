"""A trade knows its attributes by name; the rest is the sequential recipe."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from regard.api import fit
from regard.data.dataset import Dataset
from regard.data.prepare import prepare
from regard.errors import ConfigError
from regard.recipes.book import recipe_for
from regard.recipes.sequential import sequential
from regard.recipes.trades import ads, ecommerce, news


def log(**attributes: list[object]) -> Dataset:
    events = {"user_id": [1, 1, 2, 2], "item_id": ["a", "b", "a", "c"], "timestamp": [10, 20, 30, 40]}
    return prepare(events, items={"item_id": ["a", "b", "c"], **attributes}).dataset


def kinds(dataset: Dataset, recipe: str) -> dict[str, str]:
    fields = recipe_for(recipe, dataset).fields
    assert fields is not None
    return {field.name: field.kind for field in fields.items}


def test_a_shop_reads_colour_brand_category_and_price_by_their_names() -> None:
    shop = log(Color=["red", "blue", "red"], brand=["x", "y", "x"], cost=[3, 4, 5], weight=[1.5, 2.5, 3.5])

    assert kinds(shop, "ecommerce") == {
        "Color": "category", "brand": "category", "cost": "price", "weight": "number"
    }  # fmt: skip


def test_news_read_category_author_and_time() -> None:
    paper = log(category=["a", "b", "a"], author=["x", "y", "x"], published=[1.6e9, 1.61e9, 1.62e9])

    assert kinds(paper, "news") == {"category": "category", "author": "category", "published": "time"}


def test_ads_read_category_product_brand_and_price() -> None:
    board = log(category=["a", "b", "a"], product=[7, 8, 7], brand=["x", "y", "x"], price=["$1", "$2", None])

    assert kinds(board, "ads") == {
        "category": "category", "product": "category", "brand": "category", "price": "price"
    }  # fmt: skip


@pytest.mark.parametrize("recipe", [ecommerce, news, ads])
def test_without_any_attribute_of_the_trade_it_says_what_it_reads(recipe: object) -> None:
    with pytest.raises(ConfigError, match="'weight'"):
        recipe(log(weight=[1.5, 2.5, 3.5]))  # type: ignore[operator]


def test_a_trade_differs_from_the_sequential_recipe_only_where_it_says() -> None:
    shop = log(brand=["x", "y", "x"], category=["a", "b", "a"])
    plain = sequential(shop)

    assert ecommerce(shop).changed(fields=None) == plain
    assert news(shop).shape["items"]["drop_id"] > plain.shape["items"]["drop_id"]


def test_a_shop_trains_on_a_real_log_with_prices_and_descriptions(shared_data: Path) -> None:
    lines = (
        pl.read_parquet(shared_data / "online-retail" / "online_retail.parquet")
        .filter(pl.col("CustomerID").is_not_null() & (pl.col("Quantity") > 0))
        .head(20_000)
    )
    items = lines.group_by("StockCode", maintain_order=True).agg(
        pl.col("Description").first(), pl.col("UnitPrice").first()
    )
    names = {"user_id": "CustomerID", "item_id": "StockCode", "timestamp": "InvoiceDate"}

    model = fit(
        lines, items=items, columns=names, recipe="ecommerce", settings={"epochs": 1, "refit": False,
        "width": 16, "blocks": 1, "kinds": [], "fusion_heads": 2},
    )  # fmt: skip

    assert {field.name: field.kind for field in model.items.coders.fields} == {
        "Description": "text", "UnitPrice": "price"
    }  # fmt: skip
    assert len(model.recommend(users=[17850], k=5)) == 5
