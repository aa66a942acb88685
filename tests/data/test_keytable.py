"""KeyTable: the same key always has the same number, whatever the batches and the collisions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.data.keytable import KeyTable

words = st.integers(0, 2**64 - 1) | st.integers(0, 5)
batches = st.lists(st.lists(st.tuples(words, words), max_size=30), max_size=6)


@given(batches, st.sampled_from([1, 2]))
def test_numbers_are_those_of_a_dictionary_filled_batch_by_batch(
    batches: list[list[tuple[int, int]]], width: int
) -> None:
    table, seen = KeyTable(words=width), dict[int, tuple[int, ...]]()
    for batch in batches:
        keys = np.array(batch, dtype=np.uint64).reshape(-1, 2).T[:width]
        numbers = table.number(keys)
        for number, key in zip(numbers.tolist(), map(tuple, keys.T.tolist()), strict=True):
            assert seen.setdefault(number, key) == key
    assert len(set(seen.values())) == len(seen) == len(table)
    assert sorted(seen) == list(range(len(table)))


def test_keys_are_numbered_in_the_order_of_their_first_appearance() -> None:
    table = KeyTable(words=1)
    assert table.number(np.array([[9, 4, 9, 7]], dtype=np.uint64)).tolist() == [0, 1, 0, 2]
    assert table.number(np.array([[1, 7, 1]], dtype=np.uint64)).tolist() == [3, 2, 3]


def test_keys_that_share_their_first_word_differ_by_their_second() -> None:
    keys = np.array([[5, 5, 5, 5], [1, 2, 1, 3]], dtype=np.uint64)
    numbers = KeyTable(words=2).number(keys)
    assert numbers[0] == numbers[2]
    assert len(set(numbers.tolist())) == 3


@pytest.mark.parametrize("step", [1, 2**32, 2**48, 11400714819323198485])
def test_a_table_that_grows_keeps_its_numbers(step: int) -> None:
    """The steps make keys that begin their search at few different slots, or at all of them."""
    keys = (np.arange(200_000, dtype=np.uint64) * np.uint64(step))[None]
    keys = keys[:, np.sort(np.unique(keys[0], return_index=True)[1])]
    table = KeyTable(words=1)
    for low in range(0, keys.shape[1], 50_000):
        part = keys[:, low : low + 50_000]
        assert table.number(part).tolist() == list(range(low, low + part.shape[1]))
    assert table.number(keys[:, ::-1]).tolist() == list(range(keys.shape[1]))[::-1]
