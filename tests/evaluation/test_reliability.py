"""The reliability table: equal to scikit-learn's calibration curve; the error by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from regard.evaluation.reliability import Reliability, reliability

RNG = np.random.default_rng(0)
PROBABILITY = RNG.beta(1, 5, 5000)
LABEL = (RNG.random(5000) < PROBABILITY).astype(np.float32)


@pytest.mark.parametrize(("equal", "strategy"), [("width", "uniform"), ("count", "quantile")])
def test_it_equals_scikit_learns_curve(equal: str, strategy: str) -> None:
    table = reliability(LABEL, PROBABILITY, bins=8, equal=equal)
    observed, predicted = calibration_curve(LABEL, PROBABILITY, n_bins=8, strategy=strategy)
    assert table.observed == pytest.approx(observed)
    assert table.predicted == pytest.approx(predicted)
    assert sum(table.count) == 5000
    by_hand = np.average(np.abs(observed - predicted), weights=table.count)
    assert table.error == pytest.approx(by_hand)


def test_true_probabilities_have_a_small_error_and_the_right_level() -> None:
    table = reliability(LABEL, PROBABILITY)
    assert table.error < 0.02
    assert table.ratio == pytest.approx(1, abs=0.1)
    assert reliability(LABEL, PROBABILITY / 2).ratio == pytest.approx(0.5, abs=0.05)


def test_one_probability_for_all_is_one_bin_and_nothing_happened_has_no_ratio() -> None:
    for equal in ("width", "count"):
        table = reliability(np.array([0, 1, 0, 0]), np.full(4, 0.1), equal=equal)
        assert (table.count, table.observed) == ((4,), (0.25,))
    assert reliability(np.zeros(3), np.full(3, 0.5)).ratio is None


def test_it_is_kept_as_json() -> None:
    table = reliability(LABEL, PROBABILITY)
    assert Reliability.from_json(table.to_json()) == table
