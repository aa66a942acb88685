"""Ids of every kind come back exactly as they went in."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.data.ids import IdScan, clean_ids, integers_of
from regard.errors import SchemaError


def scanned(values: list[str | None], *, from_text: bool) -> pl.Series:
    scan = IdScan(from_text=from_text)
    scan.add(clean_ids(pl.Series(values, dtype=pl.String), where="ids"))
    return scan.numbering().vocab.ids


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        (["3", "12", "-4"], [-4, 3, 12]),
        (["3", "007"], ["007", "3"]),
        (["3", "1.0"], ["1.0", "3"]),
        (["+3", "4"], ["+3", "4"]),
        (["3", " 4"], [" 4", "3"]),
        (["99999999999999999999", "1"], ["1", "99999999999999999999"]),
        (["B00X", "1"], ["1", "B00X"]),
    ],
)
def test_text_becomes_integers_only_if_every_value_is_one_written_the_usual_way(
    values: list[str], ids: list[str | int]
) -> None:
    assert scanned([*values, None], from_text=True).to_list() == ids


def test_strings_of_a_typed_column_stay_strings() -> None:
    assert scanned(["3", "12"], from_text=False).to_list() == ["12", "3"]


@given(st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1).map(str), st.text("0123456789+-. ", min_size=1))))
def test_what_text_spells_is_never_changed(values: list[str]) -> None:
    numbers = integers_of(pl.Series(values, dtype=pl.String))
    assert numbers.cast(pl.String).to_list() == values


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt16, pl.Int32, pl.UInt64, pl.Float64, pl.Float32])
def test_whole_numbers_of_any_width_become_integers_and_gaps_become_null(dtype: pl.DataType) -> None:
    assert clean_ids(pl.Series([1, None, 3], dtype=dtype), where="ids").to_list() == [1, None, 3]


def test_nan_and_empty_strings_are_missing_ids_and_categories_are_strings() -> None:
    assert clean_ids(pl.Series([1.0, float("nan")]), where="ids").to_list() == [1, None]
    assert clean_ids(pl.Series(["", "a"]), where="ids").to_list() == [None, "a"]
    assert clean_ids(pl.Series(["b", "a"], dtype=pl.Categorical), where="ids").to_list() == ["b", "a"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pl.Series([1.0, 2.5]), "column 'u': row 101 holds 2.5"),
        (pl.Series([1.0, float("inf")]), "row 101 holds inf"),
        (pl.Series([2.0**60]), "row 100 holds"),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), "beyond 64-bit integers"),
        (pl.Series([True]), "not Boolean"),
        (pl.Series([[1]]), "not List"),
    ],
)
def test_what_cannot_be_an_id_is_refused_with_its_row(values: pl.Series, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        clean_ids(values, where="column 'u'", first_row=100)


def test_counts_add_up_and_codes_stay_over_batches() -> None:
    scan = IdScan(from_text=False)
    codes = [
        scan.add(pl.Series(batch, dtype=pl.String)) for batch in (["b", "a"], ["b", None], [], ["c", "a"])
    ]
    numbering = scan.numbering()
    assert numbering.vocab.ids.to_list() == ["a", "b", "c"]
    assert numbering.counts.tolist() == [2, 2, 1]
    assert [numbering.numbers[batch].tolist() for batch in codes] == [[1, 0], [1, -1], [], [2, 0]]


@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-3, 3)), max_size=20)
    ),
    st.booleans(),
)
def test_codes_lead_back_to_the_ids(batches: list[list[int | None]], spelled: bool) -> None:
    dtype = pl.String if spelled else pl.Int64
    columns = [pl.Series(batch, dtype=pl.Int64).cast(dtype) for batch in batches]
    scan = IdScan(from_text=False)
    codes = [scan.add(column) for column in columns]
    numbering = scan.numbering()
    assert numbering.counts.sum() == sum(value is not None for batch in batches for value in batch)
    for column, batch in zip(columns, codes, strict=True):
        numbers = numbering.numbers[batch]
        found = [None if number < 0 else numbering.vocab.ids[number] for number in numbers.tolist()]
        assert found == column.to_list()
