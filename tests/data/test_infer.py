"""Kinds of columns are inferred from types, values and names, on real tables too."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from regard.data.fields import parse_fields
from regard.data.infer import infer, infer_fields
from regard.data.sources.movielens import read_ml_1m, read_ml_100k
from regard.data.sources.retail import read_online_retail
from regard.errors import SchemaError

PNG, MP4 = b"\x89PNG\r\n\x1a\n0000", b"\x00\x00\x00\x18ftypmp42"
CASES = {
    "list of text": (pl.Series([["a"], ["a", "b"]]), "set"),
    "list of codes": (pl.Series([[1, 2], [2, 3]]), "set"),
    "list of floats": (pl.Series([[0.5, 1.0], [1.0, 2.0]]), "vector"),
    "ragged floats": (pl.Series([[0.5], [1.0, 2.0]]), "vector"),
    "array": (pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int8, 2)), "vector"),
    "records": (pl.Series([{"a": 1}, {"a": 2}]), "ignore"),
    "list of records": (pl.Series([[{"a": 1}], [{"a": 2}]]), "ignore"),
    "pictures": (pl.Series([PNG, PNG]), "image"),
    "films": (pl.Series([MP4, MP4]), "video"),
    "bytes": (pl.Series([b"abc", b"def"]), "ignore"),
    "dates": (pl.Series([dt.date(2020, 1, 1), dt.date(2020, 1, 2)]), "time"),
    "durations": (pl.Series([dt.timedelta(1), dt.timedelta(2)]), "ignore"),
    "flags": (pl.Series([True, False]), "category"),
    "enum": (pl.Series(["a", "b"], dtype=pl.Categorical), "category"),
    "constant": (pl.Series([3, 3]), "ignore"),
    "nothing": (pl.Series([None, None], dtype=pl.String), "ignore"),
    "blank": (pl.Series(["", " "]), "ignore"),
    "one mark": (pl.Series(["yes", None]), "category"),
}


def kinds(table: pl.DataFrame, id_column: str) -> dict[str, str]:
    return {field.name: field.kind for field in infer(table, id_column=id_column, source="t")}


@pytest.mark.parametrize("name", CASES)
def test_the_type_of_a_column_decides_first(name: str) -> None:
    values, kind = CASES[name]
    (field,) = infer(pl.DataFrame({name: values}), id_column=None, source="t")
    assert field.kind == kind, field.reason
    assert field.reason


def test_the_id_is_no_field_and_must_be_there() -> None:
    assert infer(pl.DataFrame({"item_id": [1]}), id_column="item_id", source="t") == ()
    with pytest.raises(SchemaError, match=r"items.csv: there is no column 'item_id'"):
        infer(pl.DataFrame({"sku": [1]}), id_column="item_id", source="items.csv")


def test_a_person_has_the_last_word() -> None:
    users = pl.DataFrame({"user_id": [1, 2], "age": [20, 30]})
    fields = infer_fields(users=users, said=parse_fields(["users.age=category"]))
    assert [field.kind for field in fields.users] == ["category"]


def test_movielens_is_understood(shared_data: Path) -> None:
    data = read_ml_100k(shared_data / "ml-100k")
    assert data.items is not None
    assert data.users is not None
    assert kinds(data.items, "item_id") == {"title": "text", "genres": "set"}
    assert kinds(data.users, "user_id") == {
        "age": "number", "gender": "category", "occupation": "category", "zip_code": "category",
    }  # fmt: skip
    larger = read_ml_1m(shared_data / "ml-1m").users
    assert larger is not None
    assert kinds(larger, "user_id")["occupation"] == "category"


def test_one_hot_genres_are_categories(shared_data: Path) -> None:
    lines = (shared_data / "ml-100k" / "u.item").read_text("latin-1").splitlines()
    names = [
        "item_id",
        "title",
        "release_date",
        "video_release_date",
        "url",
        *(f"genre{i}" for i in range(19)),
    ]
    table = pl.DataFrame([line.split("|") for line in lines], schema=names, orient="row")
    found = kinds(table, "item_id")
    assert {found.pop(f"genre{i}") for i in range(19)} == {"category"}
    assert found == {"title": "text", "release_date": "time", "video_release_date": "ignore", "url": "ignore"}


def test_the_film_table_of_tmdb_is_understood(shared_data: Path) -> None:
    table = pl.read_csv(shared_data / "ml-100k" / "tmdb_item_features.csv", infer_schema=False)
    found = kinds(table.unique("movie_id", maintain_order=True), "movie_id")
    wanted = {
        "overview": "text", "tagline": "text", "budget": "price", "revenue": "price", "runtime": "number",
        "release_date": "time", "original_language": "category", "poster_path": "image", "homepage": "ignore",
        "imdb_id": "ignore", "adult": "ignore", "vote_count": "number",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted


def test_a_shop_is_understood(shared_data: Path) -> None:
    events = read_online_retail(shared_data / "online-retail").events
    found = {field.name: field.kind for field in infer(events.head(50_000), id_column=None, source="t")}
    assert (found["unit_price"], found["quantity"], found["timestamp"]) == ("price", "number", "time")
