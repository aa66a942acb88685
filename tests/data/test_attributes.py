"""Tables of items and users: one row per id, any columns, brought into the order of the numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from regard.data.attributes import Attributes, align
from regard.data.schema import Columns
from regard.data.tables import open_table
from regard.data.vocab import Vocab
from regard.errors import DataError, SchemaError


def aligned(source: Any, vocab: Vocab, *, drop: bool = False, columns: Columns | None = None) -> Attributes:
    return align(
        open_table(source, kind="items"),
        vocab,
        columns=columns or Columns(),
        ours="item_id",
        on_bad="drop" if drop else "error",
    )


def test_rows_come_in_the_order_of_the_vocabulary_with_nulls_where_there_is_none() -> None:
    attributes = aligned({"year": [3, 1, 9], "item_id": ["c", "a", "z"]}, Vocab.of(["a", "b", "c"]))
    assert attributes.table.columns == ["item_id", "year"]
    assert attributes.table["year"].to_list() == [1, None, 3]
    assert (attributes.given, attributes.without_events, attributes.without_row) == (3, 1, 1)


def test_without_a_table_there_are_only_ids() -> None:
    attributes = align(None, Vocab.of([2, 1]), columns=Columns(), ours="user_id", on_bad="error")
    assert attributes.table.to_dict(as_series=False) == {"user_id": [1, 2]}


def test_text_becomes_numbers_only_where_all_of_it_is_numbers(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("item_id,year,price,zip\n1,1999,1.5,01234\n2,,2,99999\n")
    attributes = aligned(tmp_path / "items.csv", Vocab.of([1, 2]))
    assert attributes.table.rows() == [(1, 1999, 1.5, "01234"), (2, None, 2.0, "99999")]


@pytest.mark.parametrize(
    ("ids", "vocab", "matched"),
    [
        (["1", "2"], [1, 2], 2),
        ([1, 2], ["1", "2"], 2),
        (["01", "2"], [1, 2], 1),
        ([7, 2], ["007", "2"], 1),
    ],
)
def test_ids_of_another_type_match_only_if_written_the_usual_way(
    ids: list[Any], vocab: list[Any], matched: int
) -> None:
    attributes = aligned({"item_id": ids, "title": ["A", "B"]}, Vocab.of(vocab))
    assert attributes.table["title"].drop_nulls().len() == matched
    assert attributes.without_row == 2 - matched


def test_a_second_row_of_an_id_is_an_error_that_names_the_id_and_both_rows() -> None:
    source = {"item_id": ["a", "b", "x", "b"], "title": ["A", "B", "X", "B2"]}
    with pytest.raises(DataError) as error:
        aligned(source, Vocab.of(["a", "b"]))
    assert "id 'b' in rows 1 and 3" in str(error.value)
    dropped = aligned(source, Vocab.of(["a", "b"]), drop=True)
    assert dropped.table["title"].to_list() == ["A", "B"]
    assert [problem.count for problem in dropped.problems] == [1]


def test_a_null_id_is_an_error_with_its_row() -> None:
    with pytest.raises(DataError, match=r"null item_id in 1 row \(row 1: null\)"):
        aligned({"item_id": ["a", None], "title": ["A", "?"]}, Vocab.of(["a"]))


def test_the_title_may_have_another_name() -> None:
    source = {"item_id": ["a"], "Description": ["Lamp"]}
    table = aligned(source, Vocab.of(["a"]), columns=Columns(title="Description")).table
    assert table["title"].to_list() == ["Lamp"]
    with pytest.raises(SchemaError, match="no column 'Name'"):
        aligned(source, Vocab.of(["a"]), columns=Columns(title="Name"))


def test_a_table_without_ids_is_refused_with_a_suggestion() -> None:
    with pytest.raises(SchemaError, match="did you mean 'sku'"):
        aligned(pl.DataFrame({"sku": ["a"]}), Vocab.of(["a"]))
