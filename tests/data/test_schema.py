"""Names of columns: ours, theirs, and what a message suggests."""

from __future__ import annotations

import pytest

from regard.data.schema import Columns, parse_columns
from regard.errors import SchemaError


def test_default_names_are_found_and_optional_columns_only_where_they_are() -> None:
    found = Columns().find(["timestamp", "item_id", "user_id", "weight", "colour"], source="log")
    assert found == {"user_id": "user_id", "item_id": "item_id", "timestamp": "timestamp", "weight": "weight"}


def test_a_missing_column_names_the_file_the_columns_and_the_nearest_name() -> None:
    with pytest.raises(SchemaError) as error:
        Columns().find(["CustomerID", "item_id", "timestamp"], source="sales.csv")
    message = str(error.value)
    assert "sales.csv: there is no column 'user_id'" in message
    assert "the columns are: 'CustomerID', 'item_id', 'timestamp'" in message
    assert "did you mean 'CustomerID'? use columns={'user_id': 'CustomerID'}" in message
    assert "--columns user_id=CustomerID" in message


def test_all_missing_columns_are_named_at_once() -> None:
    with pytest.raises(SchemaError) as error:
        Columns().find(["CustomerID", "StockCode", "InvoiceDate"], source="sales.csv")
    for suggestion in ("user_id=CustomerID", "item_id=StockCode", "timestamp=InvoiceDate"):
        assert suggestion in str(error.value)


@pytest.mark.parametrize(
    ("theirs", "available", "suggestion"),
    [
        ("CustomerId", ["CustomerID", "x"], "CustomerID"),
        ("user_id", ["uid", "x"], "uid"),
        ("user_id", ["userId", "x"], "userId"),
        ("clientnumber", ["client_numbr", "x"], "client_numbr"),
    ],
)
def test_misspelt_and_common_names_are_suggested(theirs: str, available: list[str], suggestion: str) -> None:
    with pytest.raises(SchemaError, match=f"did you mean '{suggestion}'"):
        Columns(user_id=theirs).find([*available, "item_id", "timestamp"], source="log")


def test_an_optional_column_that_was_asked_for_must_be_there() -> None:
    with pytest.raises(SchemaError, match="no column 'Quantity'"):
        Columns(weight="Quantity").find(["user_id", "item_id", "timestamp"], source="log")


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"usr_id": "x"}, "no column 'usr_id'; did you mean 'user_id'"),
        ({"CustomerID": "user_id"}, "wrong way round; use columns={'user_id': 'CustomerID'}"),
        ({"zzz": "x"}, "the names are: user_id, item_id"),
    ],
)
def test_a_name_that_regard_does_not_have_is_refused(mapping: dict[str, str], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        Columns.of(mapping)


def test_the_command_line_takes_pairs_repeated_or_with_commas() -> None:
    columns = parse_columns(["user_id=U,item_id=I", "timestamp=T"])
    assert (columns.user_id, columns.item_id, columns.timestamp) == ("U", "I", "T")
    with pytest.raises(SchemaError, match="our name = your name"):
        parse_columns(["user_id"])


def test_a_table_may_use_the_mapped_or_the_default_name_of_its_id_but_not_both() -> None:
    columns = Columns(item_id="sku")
    assert columns.find_id("item_id", ["sku", "title"], source="items") == "sku"
    assert columns.find_id("item_id", ["item_id", "title"], source="items") == "item_id"
    with pytest.raises(SchemaError, match="both 'sku' and 'item_id'"):
        columns.find_id("item_id", ["sku", "item_id"], source="items")
    with pytest.raises(SchemaError, match="no column 'sku'"):
        columns.find_id("item_id", ["title"], source="items")
