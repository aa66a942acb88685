"""Categories."""

from __future__ import annotations

import numpy as np
import polars as pl

from regard.data.coders.base import Place
from regard.data.coders.category import CategoryCoder
from regard.data.columns import UNSEEN, Codes

PLACE = Place(source="items", column="brand")


def test_a_value_that_only_rows_outside_training_have_is_unseen_and_counted() -> None:
    brand = pl.Series(["a", "a", "b", "b", None])
    used = np.array([True, True, False, False, True])
    coder = CategoryCoder.fit(brand, used_R=used, place=PLACE)
    coded = coder.encode(brand, place=PLACE)
    assert isinstance(coded.column, Codes)
    assert coded.column.code_R.tolist() == [2, 2, UNSEEN, UNSEEN, 0]
    assert (coded.missing, coded.unseen) == (1, 2)


def test_an_integer_is_the_same_value_as_whole_float_or_text() -> None:
    coder = CategoryCoder.fit(pl.Series([7, 7, 8, 8]), used_R=np.ones(4, dtype=bool), place=PLACE)
    for later in (pl.Series([8]), pl.Series([8.0]), pl.Series(["8"])):
        column = coder.encode(later, place=PLACE).column
        assert isinstance(column, Codes)
        assert column.code_R.tolist() == [3]
