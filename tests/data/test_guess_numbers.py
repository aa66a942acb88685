"""Which kind a column of numbers is taken for."""

from __future__ import annotations

import polars as pl
import pytest

from regard.data.facts import column_facts
from regard.data.guess_numbers import guess_number

CASES = {
    "price": ([3, 4, 5], "price"),
    "UnitPrice": ([1.5, 2.5], "price"),
    "release_year": ([1994, 1995, 1994], "number"),
    "year": ([1994] * 30 + [1995] * 30, "number"),
    "created_at": ([1_300_000_000, 1_300_000_500], "time"),
    "time_to_ship": ([3, 4, 9], "number"),
    "score": ([0.25, 0.5], "number"),
    "is_new": ([0, 1, 1], "category"),
    "isNew": ([0.0, 1.0], "category"),
    "brand_id": ([7, 7, 9, 9, 9], "category"),
    "brand": (list(range(40)), "category"),
    "author_age": (list(range(40)), "number"),
    "Category": ([3, 1, 7, 7], "category"),
    "imdb_id": (list(range(500, 600)), "ignore"),
    "age": ([18, 25, 35] * 40, "number"),
    "occupation": ([1, 2, 3, 4] * 30, "category"),
    "steps": (list(range(40)), "number"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_column_of_numbers_is_taken_for_its_kind(name: str) -> None:
    values, kind = CASES[name]
    numbers = pl.Series(name, values)
    field = guess_number(column_facts(numbers), numbers)
    assert field.kind == kind, field.reason
    assert field.reason
