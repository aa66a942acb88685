"""Which item and which history is meant."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from regard.data.histories import Histories
from regard.data.vocab import Vocab
from regard.errors import ConfigError, UnknownIdError
from regard.explain.asking import known_item, one_history
from regard.recommend.fallback import PopularityFallback
from regard.recommend.recommender import Recommender

TITLES = pl.Series("title", ["Alien", "Brazil", "Chef"])


@pytest.fixture
def recommender() -> Recommender:
    counts = np.array([2, 1, 0])
    return Recommender(
        scorer=PopularityFallback(counts),
        users=Vocab.of(["ann", "bob"]),
        items=Vocab.of(["a", "b", "c"]),
        histories=Histories.of([[0, 1], []]),
        known_V=counts > 0,
        popularity_V=counts,
    )


def test_a_user_has_the_known_history_and_a_list_only_what_the_catalogue_has(
    recommender: Recommender,
) -> None:
    known, unknown = one_history(recommender, user="ann", history=None, times=None)
    assert (known.items_of(0).tolist(), unknown) == ([0, 1], 0)
    bare, unknown = one_history(recommender, user=None, history=["c", "?"], times=None)
    assert (bare.items_of(0).tolist(), unknown) == ([2], 1)


def test_both_or_neither_is_no_question(recommender: Recommender) -> None:
    with pytest.raises(ConfigError, match="not both or none"):
        one_history(recommender, user="ann", history=["a"], times=None)
    with pytest.raises(UnknownIdError, match="did you mean 'ann'"):
        one_history(recommender, user="anne", history=None, times=None)


def test_an_item_of_which_nothing_is_known_is_refused(recommender: Recommender) -> None:
    assert known_item("b", recommender, TITLES) == 1
    with pytest.raises(UnknownIdError, match="no event in the training data, and no attribute"):
        known_item("c", recommender, TITLES)
    with pytest.raises(UnknownIdError, match=r"did you mean 'b' \(Brazil\)"):
        known_item("Brazil", recommender, TITLES)
