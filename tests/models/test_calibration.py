"""Calibration: equal to scikit-learn's fits, finds a planted temperature, keeps the order, survives JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from regard.errors import DataError
from regard.evaluation.reliability import reliability
from regard.models.calibration import Calibration, CalibrationKind, fit_calibration, isotonic

RNG = np.random.default_rng(0)
TRUE = RNG.normal(-2, 1.5, 20_000)
LABEL = (RNG.random(20_000) < 1 / (1 + np.exp(-TRUE))).astype(np.float32)
KINDS: list[CalibrationKind] = ["temperature", "platt", "isotonic"]


def test_a_planted_temperature_and_level_are_found() -> None:
    assert 1 / fit_calibration("temperature", TRUE * 3, LABEL).slope == pytest.approx(3, rel=0.05)
    platt = fit_calibration("platt", TRUE * 3 + 2, LABEL)
    assert (platt.slope, platt.level) == pytest.approx((1 / 3, -2 / 3), abs=0.05)


def test_slope_and_level_equal_an_unpenalised_logistic_regression() -> None:
    weight = RNG.integers(1, 4, len(LABEL)).astype(float)
    theirs = LogisticRegression(C=1e12, tol=1e-10, max_iter=1000).fit(
        TRUE[:, None], LABEL, sample_weight=weight
    )
    ours = fit_calibration("platt", TRUE, LABEL, weight_K=weight)
    assert (ours.slope, ours.level) == pytest.approx((theirs.coef_[0, 0], theirs.intercept_[0]), abs=1e-4)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 1), st.integers(1, 3)), min_size=1, max_size=50))
def test_the_isotonic_curve_equals_scikit_learns(rows: list[tuple[int, int, int]]) -> None:
    logit, label, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    theirs = IsotonicRegression(out_of_bounds="clip").fit(logit, label, sample_weight=weight)
    asked = np.linspace(-1, 9, 41)
    assert isotonic(logit, label, weight).apply(asked) == pytest.approx(theirs.predict(asked))


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_become_believable_on_data_that_were_not_fitted(kind: CalibrationKind) -> None:
    fitted = fit_calibration(kind, TRUE[:10_000] * 3, LABEL[:10_000])
    raw = Calibration().apply(TRUE[10_000:] * 3)
    before = reliability(LABEL[10_000:], raw).error
    after = reliability(LABEL[10_000:], fitted.apply(TRUE[10_000:] * 3)).error
    assert after < 0.015 < before


@pytest.mark.parametrize("kind", KINDS)
def test_a_higher_score_is_never_less_probable_and_json_keeps_it_bit_for_bit(kind: CalibrationKind) -> None:
    fitted = fit_calibration(kind, TRUE[:500], LABEL[:500])
    asked = np.linspace(-50, 50, 999)
    assert (np.diff(fitted.apply(asked)) >= 0).all()
    again = Calibration.from_json(json.loads(json.dumps(fitted.to_json())))
    assert np.array_equal(again.apply(asked), fitted.apply(asked))


@pytest.mark.parametrize("kind", KINDS)
def test_separable_and_extreme_scores_stay_finite(kind: CalibrationKind) -> None:
    fitted = fit_calibration(kind, np.array([-1e6, -1.0, 1.0, 1e6]), np.array([0, 0, 1, 1]))
    assert np.isfinite(fitted.apply(np.array([-1e6, 0.0, 1e6]))).all()


def test_scores_that_run_against_the_labels_get_one_level() -> None:
    fitted = fit_calibration("isotonic", np.arange(10.0), np.array([1] * 5 + [0] * 5))
    assert set(fitted.probability) == {0.5}
    for kind in ("temperature", "platt"):
        flat = fit_calibration(kind, np.arange(10.0) - 4.5, np.array([1] * 8 + [0] * 2))
        assert flat.slope == 1e-3
        assert flat.apply(np.array([0.0])) == pytest.approx(0.8 if kind == "platt" else 0.5, abs=0.01)


@pytest.mark.parametrize(
    ("logit", "label", "message"),
    [
        (np.array([0.0, np.nan]), np.array([0, 1]), "score of row 1 is nan"),
        (np.zeros(3), np.ones(3), "all 3 labels are alike"),
        (np.zeros(0), np.zeros(0), "all 0 labels"),
    ],
)
def test_data_that_cannot_calibrate_are_refused(logit: np.ndarray, label: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_calibration("platt", logit, label)
    assert fit_calibration("none", logit, label) == Calibration()
