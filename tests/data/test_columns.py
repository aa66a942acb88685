"""Columns only carry numbers: how long they are is all that they know."""

from __future__ import annotations

import numpy as np
import pytest

from regard.data.columns import (
    Bags,
    Codes,
    Column,
    Numbers,
    Vectors,
    columns_of_arrays,
    columns_to_arrays,
    number_columns,
    take_rows,
)

THREE_ROWS = (
    Codes(code_R=np.array([0, 1, 2], dtype=np.int32), size=3),
    Bags(offset_R1=np.array([0, 2, 2, 3]), code_J=np.array([1, 2, 1], dtype=np.int32), size=3),
    Numbers(value_R=np.array([0.5, np.nan, 1.0], np.float32), edge_B1=np.array([0.0, 1.0], np.float32)),
    Vectors(value_RE=np.ones((3, 2), np.float32), present_R=np.array([True, False, True])),
)


@pytest.mark.parametrize("column", THREE_ROWS, ids=lambda column: type(column).__name__)
def test_a_column_has_as_many_rows_as_its_table(column: Column) -> None:
    assert len(column) == 3


def test_columns_come_back_from_their_arrays_as_they_were() -> None:
    columns = {f"field {place}": column for place, column in enumerate(THREE_ROWS)}

    back = columns_of_arrays(list(columns), columns_to_arrays(columns))

    assert list(back) == list(columns)
    for name, column in columns.items():
        assert type(back[name]) is type(column)
        for part in column.__slots__:
            np.testing.assert_array_equal(getattr(back[name], part), getattr(column, part))


@pytest.mark.parametrize("column", THREE_ROWS, ids=lambda column: type(column).__name__)
def test_some_rows_are_taken_in_their_order(column: Column) -> None:
    taken = take_rows(take_rows(column, np.array([2, 0, 2])), np.array([1, 0]))
    once = take_rows(column, np.array([0, 2]))
    assert len(taken) == 2
    for part in column.__slots__:
        np.testing.assert_array_equal(getattr(taken, part), getattr(once, part))


def test_columns_of_numbers_have_ascending_edges_even_where_all_is_alike() -> None:
    values = {"alike": np.zeros(5, dtype=np.float32), "spread": np.arange(100, dtype=np.float32)}
    columns = number_columns(values)
    assert tuple(columns) == ("alike", "spread")
    assert all((np.diff(column.edge_B1) > 0).all() for column in columns.values())
    assert columns["spread"].edge_B1[[0, -1]].tolist() == [0, 99]
