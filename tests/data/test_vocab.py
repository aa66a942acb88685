"""Ids become numbers and become the same ids again."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.data.vocab import UNKNOWN, Vocab
from regard.errors import DataError

ids = st.one_of(
    st.lists(st.text(min_size=1), min_size=1), st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1)
)


@given(ids)
def test_decoding_what_was_encoded_gives_the_same_ids(values: list[str] | list[int]) -> None:
    vocab = Vocab.of(values)
    assert len(vocab) == len(set(values))
    assert vocab.decode(vocab.encode(values)).to_list() == values


@given(ids)
def test_numbers_do_not_depend_on_the_order_of_the_ids(values: list[str] | list[int]) -> None:
    assert Vocab.of(values) == Vocab.of(list(reversed(values)))


def test_unknown_and_null_ids_are_marked() -> None:
    assert Vocab.of(["a", "b"]).encode(["z", "a", None]).tolist() == [UNKNOWN, 0, UNKNOWN]


def test_a_string_finds_an_integer_and_an_integer_a_string() -> None:
    assert Vocab.of([7, 12]).encode(["12", "x", "7"]).tolist() == [1, UNKNOWN, 0]
    assert Vocab.of(["12", "7"]).encode([7, 12, 1]).tolist() == [1, 0, UNKNOWN]


def test_nothing_encodes_to_nothing() -> None:
    assert Vocab.of(["a"]).encode([]).tolist() == []


def test_what_is_no_id_is_refused() -> None:
    with pytest.raises(DataError, match="must be a string or an integer"):
        Vocab.of(["a"]).encode(pl.Series([["a"]]))


@pytest.mark.parametrize("ids", [["a", "ab", "b", "ü", "z"], [-5, 0, 7, 2**40]])
def test_a_few_ids_are_found_as_many_are(ids):
    vocab = Vocab.of(ids)
    asked = (
        [*reversed(ids), None, *ids, "0", "zz", ""] if isinstance(ids[0], str) else [*ids, None, 6, -9, 2**41]
    )
    few = vocab.encode(asked)
    assert few.tolist() == [UNKNOWN if i not in ids else sorted(ids).index(i) for i in asked]
    assert vocab.encode(asked * 1_000).tolist() == few.tolist() * 1_000


def test_ids_that_come_in_pieces_are_put_together_once() -> None:
    pieces = pl.concat([pl.Series("id", [1, 2]), pl.Series("id", [5])], rechunk=False)
    vocab = Vocab(pieces)
    assert pieces.n_chunks() == 2
    assert vocab.ids.n_chunks() == 1
    assert vocab.encode([5, 3, 1]).tolist() == [2, -1, 0]
