"""Tables become numbers the same way in training and later; what is missing, unseen or new is counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.data.coding import Coders, fit_and_encode, fit_coders
from regard.data.columns import Bags, Codes, Numbers, Vectors
from regard.data.fields import Field, Fields
from regard.data.infer import infer
from regard.data.sources.movielens import read_ml_100k
from regard.errors import DataError, SchemaError

TABLE = pl.DataFrame(
    {
        "item_id": ["a", "b", "c", "d", "e"],
        "brand": ["x", "x", "y", "y", "late"],
        "genres": ["p|q", "q", "p", None, "late|p"],
        "price": ["$1", "$2", None, "$4", "$5000"],
        "title": ["red hat", "red shoe", "blue hat", None, "late late"],
        "vector": [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], None, [9.0, 9.0]],
        "cover": ["1.jpg", None, None, None, None],
    }
)
FIELDS = Fields.parse(
    {
        "items": {
            "brand": "category", "genres": {"kind": "set", "separator": "|"}, "price": "price", "title": "text",
            "vector": "vector", "cover": "image",
        }
    }
).items  # fmt: skip
USED = np.array([True, True, True, True, False])


def same(one: object, other: object) -> bool:
    assert type(one) is type(other)
    names = {Codes: ["code_R"], Bags: ["offset_R1", "code_J"], Numbers: ["value_R", "edge_B1"],
             Vectors: ["value_RE", "present_R"]}[type(one)]  # fmt: skip
    return all(np.array_equal(getattr(one, n), getattr(other, n), equal_nan=True) for n in names)


def test_each_kind_takes_its_form_and_what_only_later_rows_have_is_unseen_and_counted() -> None:
    fitted = fit_and_encode(TABLE, FIELDS, used_R=USED)
    columns = fitted.encoded.columns
    assert {name: type(column) for name, column in columns.items()} == {
        "brand": Codes, "genres": Bags, "price": Numbers, "title": Bags, "vector": Vectors,
    }  # fmt: skip
    counted = {report.name: (report.missing, report.unseen) for report in fitted.encoded.reports}
    assert counted == {
        "brand": (0, 1), "genres": (1, 1), "price": (1, 0), "title": (1, 1), "vector": (1, 0), "cover": (4, 0),
    }  # fmt: skip
    edges = columns["price"]
    assert isinstance(edges, Numbers)
    assert edges.edge_B1[-1] == pytest.approx(np.log(5))


def test_a_picture_without_an_encoder_is_left_out_and_said() -> None:
    reports = fit_and_encode(TABLE, FIELDS, used_R=USED).encoded.reports
    cover = next(report for report in reports if report.name == "cover")
    assert cover.notes == ("left out: there is no encoder for kind 'image'",)


def test_coders_come_back_from_json_and_arrays_and_encode_the_same() -> None:
    fitted = fit_and_encode(TABLE, FIELDS, used_R=USED)
    document = json.loads(json.dumps(fitted.coders.to_json()))
    again = Coders.from_json(document, fitted.coders.arrays()).encode(TABLE)
    assert list(again) == list(fitted.encoded.columns)
    assert all(same(again[name], fitted.encoded.columns[name]) for name in again)
    assert list(fitted.coders.arrays()) == ["vector.centre"]


def test_a_new_column_is_ignored_and_one_that_is_gone_is_missing_in_every_row() -> None:
    coders = fit_coders(TABLE, FIELDS, used_R=USED)
    later = coders.encode_counted(pl.DataFrame({"item_id": ["z"], "brand": ["x"], "colour": ["red"]}))
    assert later.ignored == ("colour",)
    reports = {report.name: report for report in later.reports}
    assert reports["genres"].missing == 1
    assert reports["genres"].notes == ("the table has no such column: missing in every row",)
    assert reports["brand"].missing == 0
    assert all(len(column) == 1 for column in later.columns.values())


def test_a_column_that_only_later_rows_fill_is_no_crash() -> None:
    table = TABLE.with_columns(pl.when(pl.Series(~USED)).then(pl.exclude("item_id")))
    fitted = fit_and_encode(table, FIELDS, used_R=USED)
    counted = {report.name: (report.missing, report.unseen) for report in fitted.encoded.reports}
    assert counted["brand"] == counted["genres"] == counted["title"] == (4, 1)


def test_a_table_without_rows_is_encoded_too() -> None:
    assert all(len(c) == 0 for c in fit_coders(TABLE, FIELDS, used_R=USED).encode(TABLE.clear()).values())


def test_a_field_that_the_table_lacks_names_the_nearest_column() -> None:
    with pytest.raises(SchemaError, match=r"shop.csv: there is no column 'brnd' .*did you mean 'brand'\?"):
        fit_coders(TABLE, [Field(name="brnd", kind="category")], used_R=USED, source="shop.csv")


def test_a_value_that_cannot_be_read_names_table_column_row_and_id_even_outside_training() -> None:
    table = TABLE.with_columns(pl.Series("price", ["$1", "$2", None, "$4", "dear"]))
    with pytest.raises(
        DataError, match=r"shop.csv: column 'price', row 4 \(item_id 'e'\): 'dear' is no price"
    ):
        fit_coders(table, FIELDS, used_R=USED, source="shop.csv")


def test_ready_vectors_may_stand_for_text_or_pictures() -> None:
    cover = pl.Series("cover", [[1.0, 2.0], None, [2.0, 1.0], None, None])
    fitted = fit_and_encode(TABLE.with_columns(cover), FIELDS, used_R=USED)
    assert isinstance(fitted.encoded.columns["cover"], Vectors)
    assert fitted.coders.skipped == {}


def test_many_rows_are_encoded_in_their_order() -> None:
    rows = 200_000
    draw = np.random.default_rng(0)
    number = pl.Series(draw.integers(0, 500, rows)).cast(pl.String)
    table = pl.DataFrame(
        {"brand": number, "tags": number + "|" + number.reverse(), "x": draw.normal(size=rows)}
    )
    fields = [
        Field(name="brand", kind="category"),
        Field(name="tags", kind="set", separator="|"),
        Field(name="x", kind="number"),
    ]
    columns = fit_and_encode(table, fields, used_R=np.ones(rows, dtype=bool)).encoded.columns
    assert [len(column) for column in columns.values()] == [rows] * 3


def test_films_are_encoded_with_their_inferred_kinds(shared_data: Path) -> None:
    items = read_ml_100k(shared_data / "ml-100k").items
    assert items is not None
    fields = infer(items, id_column="item_id", source="u.item")
    fitted = fit_and_encode(items, fields, used_R=np.arange(items.height) % 10 > 0)
    genres = fitted.encoded.columns["genres"]
    assert isinstance(genres, Bags)
    assert genres.size == 2 + 19
    film = slice(*genres.offset_R1[:2].tolist())  # Toy Story: Animation, Children's, Comedy
    assert genres.code_J[film].size == 3
