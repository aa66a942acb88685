"""AUC: equal to scikit-learn's, ties and weights included."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from regard.data.auc import Ranking, auc

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6), st.integers(1, 4)), min_size=1, max_size=60)


@given(ROWS)
def test_it_equals_scikit_learn_with_ties_and_weights(rows: list[tuple[int, int, int]]) -> None:
    label, score, weight = (np.array(column) for column in zip(*rows, strict=True))
    if label.min() == label.max():
        assert math.isnan(auc(label, score))
        return
    assert auc(label, score) == pytest.approx(roc_auc_score(label, score))
    assert auc(label, score, weight) == pytest.approx(roc_auc_score(label, score, sample_weight=weight))


def test_a_weight_is_a_repetition() -> None:
    rng = np.random.default_rng(0)
    label, score = rng.integers(0, 2, 300), rng.normal(size=300).round(1)
    weight = rng.integers(0, 3, 300)
    repeated = auc(np.repeat(label, weight), np.repeat(score, weight))
    assert Ranking.of(score).auc(label, weight) == pytest.approx(repeated)


def test_nothing_or_one_class_has_no_value() -> None:
    assert math.isnan(auc(np.array([]), np.array([])))
    assert math.isnan(auc(np.array([1, 1]), np.array([0.1, 0.2])))
