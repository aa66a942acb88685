"""EASE equals the closed form of the paper."""

from __future__ import annotations

import numpy as np
import pytest

from regard.data.packing import PackedBatch
from regard.errors import CapacityError, ConfigError
from regard.evaluation.linear import EASE


def test_weights_and_scores_equal_the_closed_form(make_dataset):
    rng = np.random.default_rng(0)
    train = make_dataset(
        [rng.integers(0, 30, size=rng.integers(0, 12)).tolist() for _ in range(100)], items=31
    )
    had = np.zeros((100, 31))
    had[train.histories.rows(), train.histories.item] = 1
    inverse = np.linalg.inv(had.T @ had + 20 * np.eye(31))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    scorer = EASE.fit(train, ridge=20)
    assert np.allclose(scorer.weight_VV.numpy(), weights, atol=1e-5)
    query = scorer.query(PackedBatch.of(train.histories))
    assert np.allclose(scorer.score(query, 0, 31).numpy(), had @ weights, atol=1e-5)
    assert np.allclose(scorer.score(query, 7, 12).numpy(), (had @ weights)[:, 7:12], atol=1e-5)


def test_a_catalogue_that_does_not_fit_is_refused_with_the_numbers(make_dataset):
    train = make_dataset([[0]], items=20_000)
    with pytest.raises(CapacityError, match=r"4\.5 GiB for 20,000 items and may use 1\.0 GiB.*9,459 items"):
        EASE.fit(train, memory_limit=2**30)


def test_a_ridge_of_nothing_is_refused(make_dataset):
    with pytest.raises(ConfigError, match="ridge"):
        EASE.fit(make_dataset([[0]], items=1), ridge=0)
