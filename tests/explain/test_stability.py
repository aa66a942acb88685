"""Only events of one moment change places, and agreement is a rank correlation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from regard.data.histories import Histories
from regard.explain.stability import agreement, shuffled_ties


@given(times=st.lists(st.integers(0, 5), min_size=1, max_size=12), seed=st.integers(0, 50))
def test_times_stay_in_order(times: list[int], seed: int) -> None:
    times.sort()
    order = shuffled_ties(Histories.of([list(range(len(times)))], [times]), seed)
    if len(set(times)) == len(times):
        assert order is None
        return
    assert order is not None
    assert sorted(order.tolist()) == list(range(len(times)))
    assert [times[place] for place in order] == times


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=12))
def test_agreement_is_spearmans(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, dtype=float).T
    if len(set(first)) > 1 and len(set(second)) > 1:
        assert agreement(first, second) == pytest.approx(spearmanr(first, second).statistic)


def test_where_nothing_differs_all_agree_and_else_none() -> None:
    assert agreement(np.zeros(3), np.ones(3)) == 1.0
    assert agreement(np.zeros(3), np.arange(3.0)) == 0.0
