"""Ids and categories as a model's vocabulary has them, whatever kind a request sends."""

from __future__ import annotations

import polars as pl
import pytest

from regard.data.event_fields import categories
from regard.data.vocab import Vocab
from regard.serve.ids import as_kind, category_of, numbers_of


def test_ids_of_another_kind_are_not_known() -> None:
    assert numbers_of(["2", 1, "x", "02"], Vocab.of([1, 2])).tolist() == [1, 0, -1, -1]
    assert numbers_of(["2", 1, "x"], Vocab.of(["1", "x"])).tolist() == [-1, 0, 1]
    assert as_kind("9" * 30, Vocab.of([1])) == "9" * 30


@pytest.mark.parametrize("values", [[True, False], [0.5, 1.0, 1e20], ["a", "B"], [3, -1]])
def test_a_category_is_what_a_log_that_is_read_has(values: list[bool | float | str]) -> None:
    assert [category_of(one) for one in values] == categories(pl.Series(values)).to_list()
    assert category_of(None) is None
