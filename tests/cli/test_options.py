"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from regard.cli import options
from regard.cli.options import hooks_on, said_fields, split_ids


def test_one_value_is_split_at_commas_and_repeated_ones_are_not() -> None:
    assert split_ids(["a, b"]) == ["a", "b"]
    assert split_ids(["a,b", "c"]) == ["a,b", "c"]


def test_progress_and_a_log_listen_to_training(tmp_path: object) -> None:
    assert len(hooks_on(Console(), None)("search", 3)) == 1


def test_the_options_that_commands_share_are_a_list() -> None:
    kinds = {name: getattr(getattr(options, name), "__metadata__", ()) for name in options.__all__}
    names = {name: part[0].default for name, part in kinds.items() if part}
    shared = {
        "Columns": "--columns",
        "Content": "--content",
        "Device": "--device",
        "DropBad": "--drop-bad-rows",
        "EventField": "--event-field",
        "FieldPairs": "--field",
        "FieldsFile": "--fields",
        "Items": "--items",
        "Json": "--json",
        "Precision": "--precision",
        "Recipe": "--recipe",
        "Seed": "--seed",
        "Setting": "--set",
        "Split": "--split",
        "Target": "--target",
        "Threads": "--threads",
        "TypeWeight": "--type-weight",
        "Users": "--users",
    }
    assert {name: text for name, text in names.items() if str(text).startswith("-")} == shared


def test_a_pair_overrules_the_file_of_kinds(tmp_path: Path) -> None:
    (tmp_path / "fields.json").write_text('{"items": {"brand": "text", "size": "number"}}')
    said = said_fields(tmp_path / "fields.json", ["brand=category"])
    assert said.document() == {"items": {"brand": "category", "size": "number"}}
    assert said_fields(None, None).document() == {}
