"""Where a value stands, and what is refused whatever the kind."""

from __future__ import annotations

import polars as pl
import pytest

from regard.data.coders.base import Place, as_text, is_no_value
from regard.errors import DataError, SchemaError

PLACE = Place(source="items.csv", column="brand", ids=pl.Series("item_id", ["a", "b", "c"]))


def test_a_cell_of_a_hundred_megabytes_is_refused_by_row_and_not_shown() -> None:
    text = pl.Series(["x", "y" * (100 << 20), None])
    with pytest.raises(
        DataError, match=r"column 'brand', row 1 \(item_id 'b'\): the text has 100.0 MB"
    ) as caught:
        as_text(text, place=PLACE)
    assert len(str(caught.value)) < 250
    assert "yyy" not in str(caught.value)


def test_a_column_of_text_with_numbers_in_it_names_the_first_that_differs() -> None:
    mixed = pl.Series("brand", ["x", 3, "z"], dtype=pl.Object)
    with pytest.raises(
        SchemaError, match=r"row 1 \(item_id 'b'\): 3 is of type int, most values are of type str"
    ):
        as_text(mixed, place=PLACE)


def test_lists_and_bytes_are_no_text_and_the_message_says_what_they_may_be() -> None:
    with pytest.raises(SchemaError, match=r"a category cannot be read from List.*say set"):
        as_text(pl.Series([["a"], ["b"], []]), place=PLACE)
    with pytest.raises(SchemaError, match="say image, video or ignore"):
        as_text(pl.Series([b"a", b"b", b"c"]), place=PLACE)


def test_whole_floats_are_written_as_integers_and_blanks_are_missing() -> None:
    assert as_text(pl.Series([3.0, float("nan"), 2.5]), place=PLACE).to_list() == ["3", None, "2.5"]
    assert as_text(pl.Series([" a ", "", None]), place=PLACE).to_list() == ["a", None, None]
    assert as_text(pl.Series([True, False, None]), place=PLACE).to_list() == ["true", "false", None]


def test_refusing_counts_the_rows_and_shortens_the_value() -> None:
    with pytest.raises(DataError, match=r"row 0 .*\.\.\. is odd \(and 1 more row\); mend it"):
        PLACE.refuse_value(
            pl.Series([True, False, True]), pl.Series(["x" * 500, "", ""]), "is odd", advice="mend it"
        )
    PLACE.refuse(pl.Series([False, False, False]), "never", advice="")


def test_usual_words_for_no_value_are_known() -> None:
    assert is_no_value(pl.Series(["N/A", "nan", "-", "soon", None])).to_list() == [
        True,
        True,
        True,
        False,
        False,
    ]
