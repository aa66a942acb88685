"""Public data sets with all that is known of their items: attributes, texts and pictures.

A table of items as a shop would bring it, made of the files that lie beside the logs: plots and posters of
MovieLens-100K, descriptions of MovieLens-1M (written by a machine: they can be wrong), key words of Amazon's
items, and the description and price that the first line of a product in Online Retail shows (later ones are
not looked at, so that nothing of the test's time is read). It knows no model.
"""

from __future__ import annotations

import gzip
import json
import tarfile
from collections import Counter
from pathlib import Path

import polars as pl

from benchmarks.common import WORKSPACE, data_folder
from benchmarks.tasks import read_data
from regard.data.dataset import Dataset
from regard.data.prepare import prepare

__all__ = ["ROLES", "described_dataset", "picture_folder"]

# What each column is for: an attribute, a text, a picture. All others are left out of the comparison.
ROLES: dict[str, dict[str, str]] = {
    "amazon-2014-beauty": {"brand": "attribute", "categories": "attribute", "title": "text"},
    "amazon-2014-toys": {"brand": "attribute", "categories": "attribute", "title": "text"},
    "ml-100k": {"genres": "attribute", "year": "attribute", "overview": "text", "poster": "image"},
    "ml-1m": {"genres": "attribute", "year": "attribute", "description": "text"},
    "online-retail": {"price": "attribute", "title": "text"},
    "hackernews": {"author": "attribute", "title": "text"},
}


def described_dataset(name: str) -> Dataset:
    """Return a public data set whose table of items has the columns of `ROLES`."""
    data = read_data(name)
    assert data.items is not None
    items = _FURTHER[name](data.items, data.events, data_folder(name))
    return prepare(data.events, items=items.select("item_id", *ROLES[name]), users=data.users).dataset


def picture_folder() -> Path:
    """Return the folder that the names of pictures are relative to."""
    return WORKSPACE / "pictures"


def _year(items: pl.DataFrame) -> pl.Expr:
    return pl.col("title").str.extract(r"\((\d{4})\)\s*$").cast(pl.Int64, strict=False).alias("year")


def _films_100k(items: pl.DataFrame, events: pl.DataFrame, folder: Path) -> pl.DataFrame:
    plots = pl.read_csv(folder / "tmdb_item_features.csv", infer_schema=False)
    plots = plots.unique("movie_id", keep="first", maintain_order=True).select(
        pl.col("movie_id").cast(pl.Float64).cast(pl.Int64).alias("item_id"), "overview"
    )
    there = _posters(folder)
    names = pl.format("posters/{}.jpg", "item_id")
    return (
        items.with_columns(_year(items))
        .join(plots, on="item_id", how="left")
        .with_columns(poster=pl.when(pl.col("item_id").is_in(there)).then(names))
    )


def _posters(folder: Path) -> list[int]:
    """Unpack the posters once; return the items that have one."""
    target = picture_folder() / "posters"
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(folder / "posters.tar") as archive:
            archive.extractall(target.parent, filter="data")
    return [int(path.stem) for path in target.glob("*.jpg")]


def _films_1m(items: pl.DataFrame, events: pl.DataFrame, folder: Path) -> pl.DataFrame:
    with gzip.open(folder / "item_descriptions_llm.json.gz", "rt", encoding="utf-8") as file:
        written = json.load(file)
    texts = pl.DataFrame({"item_id": [int(item) for item in written], "description": list(written.values())})
    return items.with_columns(_year(items)).join(texts, on="item_id", how="left")


def _amazon(items: pl.DataFrame, events: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Tell brands from categories: a number that only ever stands first in an item's list is a brand."""
    lists = items["attributes"].to_list()
    anywhere = Counter(number for numbers in lists for number in numbers or ())
    first = Counter(numbers[0] for numbers in lists if numbers)
    brands = {number for number, count in first.items() if count == anywhere[number]}
    brand = [numbers[0] if numbers and numbers[0] in brands else None for numbers in lists]
    categories = [[n for n in numbers or () if n not in brands] or None for numbers in lists]
    return items.with_columns(
        pl.Series("brand", brand, dtype=pl.Int64).cast(pl.String),
        pl.Series("categories", categories, dtype=pl.List(pl.Int64)).cast(pl.List(pl.String)),
    )


def _retail(items: pl.DataFrame, events: pl.DataFrame, folder: Path) -> pl.DataFrame:
    lines = pl.read_parquet(folder / "online_retail.parquet").sort("InvoiceDate", maintain_order=True)
    first = lines.group_by("StockCode", maintain_order=True).agg(
        pl.col("Description").drop_nulls().first().str.strip_chars().alias("title"),
        pl.col("UnitPrice").filter(pl.col("UnitPrice") > 0).first().alias("price"),
    )
    return items.select("item_id").join(first.rename({"StockCode": "item_id"}), on="item_id", how="left")


_FURTHER = {
    "amazon-2014-beauty": _amazon,
    "amazon-2014-toys": _amazon,
    "ml-100k": _films_100k,
    "ml-1m": _films_1m,
    "online-retail": _retail,
    "hackernews": lambda items, events, folder: items,
}
