"""Kinds of columns as a person writes them: JSON, pairs, and messages that name the nearest word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regard.data.fields import Field, Fields, parse_fields
from regard.errors import ConfigError, DataError, SchemaError

DOCUMENT = {
    "items": {"brand": "category", "genres": {"kind": "set", "separator": "|"}},
    "users": {"age": "number"},
    "events": {"device": "category"},
}


def test_a_file_is_read_and_written_back_the_same(tmp_path: Path) -> None:
    (tmp_path / "fields.json").write_text(json.dumps(DOCUMENT))
    fields = Fields.read(tmp_path / "fields.json")
    assert fields.items[1] == Field(name="genres", kind="set", separator="|")
    assert fields.document() == DOCUMENT
    assert Fields.from_json(json.loads(json.dumps(fields.to_json()))) == fields


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"items": {"brand": "categry"}},
            r"items.brand: there is no kind 'categry'; did you mean 'category'\?",
        ),
        ({"item": {"brand": "category"}}, r"no table 'item'; did you mean 'items'\?"),
        (
            {"items": {"g": {"kind": "set", "seperator": "|"}}},
            r"no setting 'seperator'; did you mean 'separator'\?",
        ),
        ({"items": {"brand": {"kind": "category", "separator": "|"}}}, "only a set has one"),
        ({"items": ["brand"]}, "'items' must hold an object of columns and kinds, .* not list"),
        ({"items": {"brand": 3}}, "items.brand must be a kind or an object"),
        ([], "must be an object"),
    ],
)
def test_a_mistake_is_named_with_the_nearest_word(document: object, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        Fields.parse(document)


def test_a_file_that_is_no_json_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "fields.json"
    path.write_text('{"items":\n {brand: "category"}}')
    with pytest.raises(DataError, match=r"line 2: this is not JSON"):
        Fields.read(path)
    path.write_text('{"items": {"a": "set", "a": "text"}}')
    with pytest.raises(SchemaError, match="'a' is named twice"):
        Fields.read(path)
    with pytest.raises(DataError, match="cannot be read"):
        Fields.read(tmp_path / "none.json")


def test_pairs_mean_items_unless_a_table_is_named() -> None:
    said = parse_fields(["brand=category", "users.age=number", "spec.size=category", "genres=set:,"])
    assert said.document() == {
        "items": {"brand": "category", "spec.size": "category", "genres": {"kind": "set", "separator": ","}},
        "users": {"age": "number"},
    }


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("brand", "write column = kind"),
        ("brand=", "write column = kind"),
        ("genres=set:", "write column = kind"),
        ("brand=colour", "there are: category, set"),
    ],
)
def test_a_pair_that_is_written_wrongly_says_how_to_write_it(pair: str, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        parse_fields([pair])
    with pytest.raises(SchemaError, match="named twice"):
        parse_fields(["a=set", "items.a=text"])


def test_what_a_person_said_overrules_the_guess_and_keeps_the_order() -> None:
    guessed = Fields.parse({"items": {"title": "text", "genres": {"kind": "set", "separator": "|"}}})
    said = guessed.overruled(parse_fields(["title=ignore", "genres=set"]))
    assert [field.kind for field in said.items] == ["ignore", "set"]
    assert said.items[1].separator == "|"
    with pytest.raises(SchemaError, match=r"the items have no column 'gnres'; did you mean 'genres'\?"):
        guessed.overruled(parse_fields(["gnres=set"]))
    with pytest.raises(SchemaError, match="no table of users"):
        guessed.overruled(parse_fields(["users.age=number"]))


def test_pairs_are_joined_to_a_file_and_decide() -> None:
    joined = Fields.parse(DOCUMENT).joined(parse_fields(["brand=text", "colour=category"]))
    assert joined.document()["items"]["brand"] == "text"
    assert joined.document()["items"]["colour"] == "category"
    assert joined.users == Fields.parse(DOCUMENT).users


def test_a_name_occurs_once_in_a_table() -> None:
    twice = (Field(name="a", kind="text"), Field(name="a", kind="set"))
    with pytest.raises(ConfigError, match="named twice"):
        Fields(items=twice)
