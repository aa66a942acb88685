"""Bags of words for text without an encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.data.coders.base import Place
from regard.data.coders.codebook import Codebook
from regard.data.coders.words import WORDS_A_ROW, WordCoder, words_of
from regard.data.columns import UNSEEN, Bags
from regard.errors import SchemaError

PLACE = Place(source="items.csv", column="title")


def test_words_are_runs_of_letters_and_digits_of_any_script_and_neighbours_in_chinese() -> None:
    found = words_of(pl.Series(["Ärger-Buch 2, Дом", "红帽子", None])).to_list()
    assert found == [["ärger", "buch", "2", "дом"], ["红", "帽", "子", "红帽", "帽子"], None]


def test_words_of_one_row_or_of_most_rows_are_not_kept() -> None:
    text = pl.Series(
        ["the red hat", "the red shoe", "the old hat", "the blue coat", "the blue bag", "the end"]
    )
    coder = WordCoder.fit(text, used_R=np.ones(6, dtype=bool), place=PLACE)
    assert set(coder.codebook.values) == {"red", "hat", "blue"}


def test_rows_outside_training_add_no_word_and_a_text_of_unknown_words_is_unseen() -> None:
    text = pl.Series(["red hat", "red", "hat", "blue", "blue", "", None])
    used = np.array([True, True, True, False, False, True, True])
    coder = WordCoder.fit(text, used_R=used, place=PLACE)
    coded = coder.encode(text, place=PLACE)
    assert isinstance(coded.column, Bags)
    assert "blue" not in coder.codebook.values
    assert coded.column.code_J.tolist() == [2, 3, 3, 2, UNSEEN, UNSEEN]
    assert (coded.missing, coded.unseen) == (2, 2)


def test_a_long_text_keeps_its_rarest_words() -> None:
    words = tuple(f"w{i}" for i in range(200))
    coded = WordCoder(codebook=Codebook(values=words)).encode(pl.Series([" ".join(words), "w0"]), place=PLACE)
    assert isinstance(coded.column, Bags)
    assert coded.column.offset_R1.tolist() == [0, WORDS_A_ROW, WORDS_A_ROW + 1]
    assert coded.column.code_J[:WORDS_A_ROW].min() == 2 + 200 - WORDS_A_ROW
    assert coded.column.code_J[-1] == 2


def test_a_text_column_with_numbers_is_refused() -> None:
    with pytest.raises(
        SchemaError, match=r"row 0: a text cannot be read from Float64, for instance 1.5; say number"
    ):
        WordCoder.fit(pl.Series([1.5, 2.5]), used_R=np.ones(2, dtype=bool), place=PLACE)


def test_plots_of_films_keep_telling_words(shared_data: Path) -> None:
    table = pl.read_csv(shared_data / "ml-100k" / "tmdb_item_features.csv", infer_schema=False)
    used = np.ones(table.height, dtype=bool)
    coder = WordCoder.fit(table["overview"], used_R=used, place=PLACE)
    words = set(coder.codebook.values)
    assert {"detective", "murder", "love"} <= words
    assert "the" not in words
    assert len(words) <= 8_192
    assert coder.encode(table["overview"], place=PLACE).unseen < 0.01 * table.height
