"""Sets: lists or text, and separators that are wrong."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from regard.data.coders.base import Place
from regard.data.coders.sets import SetCoder, bags_of, guess_separator, split_members
from regard.data.columns import UNSEEN, Bags
from regard.errors import DataError, SchemaError

PLACE = Place(source="items.csv", column="genres", ids=pl.Series("item_id", list("abcde")))


def members(values: pl.Series, separator: str | None = None) -> list[list[str]]:
    found = split_members(values, separator=separator, place=PLACE)
    return [found.member_J.filter(pl.Series(found.row_J == row)).to_list() for row in range(len(values))]


def test_lists_text_and_lists_written_as_text_have_the_same_members() -> None:
    wanted = [["a", "b"], [], ["b"], []]
    assert members(pl.Series([["a", "b"], [], ["b", None], None])) == wanted
    assert members(pl.Series(["a|b", "", "b|", None]), "|") == wanted
    assert members(pl.Series(["['a', 'b']", "[]", '["b"]', None])) == wanted
    assert members(pl.Series([[1, 2], [], [2], None])) == [["1", "2"], [], ["2"], []]


def test_members_are_coded_once_a_row_and_ascending() -> None:
    values = pl.Series(["b|a|b", "a", "b", None, "b|new|newer"])
    used = np.array([True, True, True, True, False])
    coded = SetCoder.fit(values, used_R=used, place=PLACE, separator="|").encode(values, place=PLACE)
    bags = coded.column
    assert isinstance(bags, Bags)
    assert bags.offset_R1.tolist() == [0, 2, 3, 4, 4, 6]
    assert bags.code_J.tolist() == [2, 3, 2, 3, UNSEEN, 3]
    assert (coded.missing, coded.unseen, bags.size) == (1, 1, 4)


def test_a_separator_that_no_value_has_is_refused_with_the_one_that_is_meant() -> None:
    values = pl.Series(["x", "a,b", "b,c", "c,a", "a,c"])
    with pytest.raises(
        DataError, match=r"row 1 \(item_id 'b'\): 'a,b': no value .* separator '\|'.*genres=set:,"
    ):
        SetCoder.fit(values, used_R=np.ones(5, dtype=bool), place=PLACE, separator="|")


def test_a_set_may_change_from_lists_to_text_later() -> None:
    lists = pl.Series([["a", "b"], ["a"], ["b"], [], []])
    coder = SetCoder.fit(lists, used_R=np.ones(5, dtype=bool), place=PLACE)
    bags = coder.encode(pl.Series(["a;b", "b;a"]), place=PLACE).column
    assert isinstance(bags, Bags)
    assert bags.code_J.tolist() == [2, 3, 2, 3]


def test_lists_of_records_are_no_set() -> None:
    with pytest.raises(SchemaError, match="give lists of text"):
        split_members(pl.Series([[{"a": 1}]]), separator=None, place=PLACE)


def test_prose_has_no_separator() -> None:
    assert (
        guess_separator(pl.Series(["Well, I never saw it", "So, this is it then", "One, two and three"]))
        is None
    )
    assert guess_separator(pl.Series([], dtype=pl.String)) is None


def test_no_row_at_all_is_an_empty_bag() -> None:
    bags = bags_of(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32), rows=0, size=2)
    assert bags.offset_R1.tolist() == [0]
