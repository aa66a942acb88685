"""How sure a number is: the fast draws have the distribution of the slow ones."""

from __future__ import annotations

import numpy as np
import pytest

from regard.evaluation.significance import bootstrap_interval, holm, paired_test

VALUES = np.random.default_rng(1).choice([0, 0, 0, 0.3, 0.5, 1.0], size=300)


def test_the_interval_equals_a_plain_bootstrap():
    rng = np.random.default_rng(2)
    plain = np.quantile(VALUES[rng.integers(0, 300, size=(20_000, 300))].mean(axis=1), [0.025, 0.975])
    fast = bootstrap_interval(VALUES, resamples=20_000)
    assert (fast.low, fast.high) == pytest.approx(tuple(plain), abs=0.003)
    assert fast.value == pytest.approx(VALUES.mean())


def test_the_interval_agrees_with_the_normal_one_where_every_value_differs():
    values = np.random.default_rng(3).normal(size=2000)
    half = 1.96 * values.std() / np.sqrt(2000)
    interval = bootstrap_interval(values)
    assert interval.low == pytest.approx(values.mean() - half, abs=0.006)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.006)


def test_a_constant_has_an_interval_without_width():
    interval = bootstrap_interval(np.full(5, 0.25))
    assert (interval.low, interval.value, interval.high) == (0.25, 0.25, 0.25)


def test_a_wider_confidence_gives_a_wider_interval():
    narrow = bootstrap_interval(VALUES, confidence=0.5)
    wide = bootstrap_interval(VALUES, confidence=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_the_same_seed_gives_the_same_result():
    other = np.roll(VALUES, 1)
    assert bootstrap_interval(VALUES, seed=5) == bootstrap_interval(VALUES, seed=5)
    assert paired_test(VALUES, other, seed=5) == paired_test(VALUES, other, seed=5)


def test_the_permutation_test_equals_flipping_every_sign():
    rng = np.random.default_rng(4)
    first, second = VALUES[:12], np.zeros(12)
    second[:6] = 0.3
    flips = np.array(np.meshgrid(*[[-1, 1]] * 12)).reshape(12, -1).T
    difference = first - second
    exact = (np.abs(flips @ difference) >= abs(difference.sum()) - 1e-9).mean()
    assert paired_test(first, second, resamples=50_000).p_value == pytest.approx(exact, abs=0.01)
    order = rng.permutation(12)
    assert paired_test(first[order], second[order]).p_value == paired_test(first, second).p_value


def test_p_values_of_equal_systems_are_uniform():
    rng = np.random.default_rng(6)
    p_values = [
        paired_test(*rng.choice([0, 0.5, 1.0], size=(2, 80)), resamples=500, seed=seed).p_value
        for seed in range(300)
    ]
    assert np.mean(np.array(p_values) <= 0.05) < 0.1
    assert 0.4 < np.mean(p_values) < 0.65


def test_identical_systems_cannot_be_told_apart():
    test = paired_test(VALUES, VALUES)
    assert test.p_value == 1.0
    assert test.difference.value == test.difference.low == test.difference.high == 0.0


def test_the_sign_of_the_difference_is_first_minus_second():
    test = paired_test(np.zeros(30), np.ones(30))
    assert test.difference.value == -1.0
    assert test.p_value < 0.001


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])).max() == 1.0
    assert holm(np.array([])).tolist() == []
