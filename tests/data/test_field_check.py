"""What data check shows of columns."""

from __future__ import annotations

import polars as pl
import pytest

from regard.data.field_check import check_fields, extra_columns
from regard.data.fields import Fields, parse_fields
from regard.data.tables import open_table
from regard.errors import SchemaError

ITEMS = pl.DataFrame({"item_id": [1, 2, 3], "brand": ["a", None, "a"], "price": ["$1", "$2", "dear"]})


def test_kinds_come_with_reasons_missing_shares_and_different_values() -> None:
    check = check_fields({"items": ("shop.csv", ITEMS)}, Fields())
    brand = check.columns[0]
    assert (brand.table, brand.name, brand.kind, brand.distinct) == ("items", "brand", "category", 1)
    assert brand.missing == pytest.approx(1 / 3)
    assert brand.why


def test_what_a_person_said_is_shown_as_said_and_checked_by_row() -> None:
    check = check_fields({"items": ("shop.csv", ITEMS)}, parse_fields(["price=price"]))
    assert check.columns[1].why == "as was said"
    assert check.errors == (
        "shop.csv: column 'price', row 2 (item_id 3): 'dear' is no price; mend it, leave it empty, or say "
        "price=category",
    )
    with pytest.raises(SchemaError, match="no table of users"):
        check_fields({"items": ("shop.csv", ITEMS)}, parse_fields(["users.age=number"]))


def test_extra_columns_of_a_log_are_those_that_regard_does_not_read() -> None:
    log = open_table({"who": [1], "item_id": [2], "timestamp": [3], "device": ["phone"], "paid": [1.5]})
    found = {"user_id": "who", "item_id": "item_id", "timestamp": "timestamp"}
    assert extra_columns(log, found).columns == ["device", "paid"]
    assert extra_columns(log, {**found, "weight": "paid", "event_type": "device"}).width == 0
