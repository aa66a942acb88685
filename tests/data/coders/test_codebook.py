"""Which values have a code of their own, which share one, and which are hashed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import polars as pl

from regard.data.coders.codebook import BUCKETS, KEPT, MOST_VALUES, Codebook
from regard.data.columns import MISSING, UNSEEN


def test_the_most_frequent_come_first_and_rare_ones_share_a_code() -> None:
    book = Codebook.fit(pl.Series(["b", "a", "b", "a", "b", "rare", None, None]))
    assert book.values == ("b", "a")
    assert book.size == 4
    codes = book.codes(pl.Series(["a", "b", "rare", "new", None]))
    assert codes.tolist() == [3, 2, UNSEEN, UNSEEN, MISSING]
    assert codes.dtype == np.int32


def test_nothing_to_learn_from_is_no_error() -> None:
    book = Codebook.fit(pl.Series([None, None], dtype=pl.String))
    assert book.size == 2
    assert book.codes(pl.Series(["a", None])).tolist() == [UNSEEN, MISSING]


def test_beyond_fifty_thousand_values_the_frequent_keep_their_code_and_the_rest_is_hashed() -> None:
    values = [f"v{i}" for i in range(MOST_VALUES + 1)]
    book = Codebook.of_counts(pl.Series(values), pl.Series(range(len(values) + 1, 1, -1)))
    assert (len(book.values), book.buckets, book.size) == (KEPT, BUCKETS, 2 + KEPT + BUCKETS)
    codes = book.codes(pl.Series(["v0", values[-1], "never seen", None]))
    assert codes[0] == 2
    assert codes[3] == MISSING
    assert all(2 + KEPT <= code < book.size for code in codes[1:3])
    fewer = Codebook.of_counts(pl.Series(values[1:]), pl.Series(range(len(values), 1, -1)))
    assert fewer.buckets == 0


def test_the_hash_is_the_same_in_another_process() -> None:
    code = (
        "import polars as pl; from regard.data.coders.codebook import Codebook;"
        "import sys; sys.stdout.write(str(Codebook(values=('a',), buckets=64).codes(pl.Series(['x', '红'])).tolist()))"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    }
    assert runs == {str(Codebook(values=("a",), buckets=64).codes(pl.Series(["x", "红"])).tolist())}
