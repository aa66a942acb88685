"""ItemKNN equals the formula on dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from regard.data.packing import PackedBatch
from regard.errors import ConfigError
from regard.evaluation.neighbours import ItemKNN


@pytest.mark.parametrize(("neighbours", "shrinkage"), [(3, 0.0), (5, 10.0), (500, 2.0)])
def test_scores_equal_the_dense_formula(make_dataset, neighbours, shrinkage):
    rng = np.random.default_rng(0)
    train = make_dataset(
        [rng.integers(0, 40, size=rng.integers(0, 15)).tolist() for _ in range(200)], items=42
    )
    had = np.zeros((200, 42))
    had[train.histories.rows(), train.histories.item] = 1
    together = had.T @ had
    count = np.diag(together).copy()
    np.fill_diagonal(together, 0)
    similarity = together / np.maximum(np.sqrt(np.outer(count, count)) + shrinkage, 1e-12)
    for row in similarity:
        if neighbours < 42:
            row[row < np.sort(row)[-neighbours]] = 0
    scorer = ItemKNN.fit(train, neighbours=neighbours, shrinkage=shrinkage)
    query = scorer.query(PackedBatch.of(train.histories))
    whole = scorer.score(query, 0, 42).numpy()
    # A tie for the last place of a neighbourhood may fall either way.
    assert (np.abs(whole - had @ similarity.T) < 1e-5).mean() > 0.9
    if neighbours == 500:
        assert np.allclose(whole, had @ similarity.T, atol=1e-5)
    parts = torch.cat([scorer.score(query, start, min(start + 5, 42)) for start in range(0, 42, 5)], dim=1)
    assert np.allclose(parts.numpy(), whole)


def test_settings_out_of_range_are_refused(make_dataset):
    with pytest.raises(ConfigError):
        ItemKNN.fit(make_dataset([[0]], items=1), neighbours=0)
    with pytest.raises(ConfigError):
        ItemKNN.fit(make_dataset([[0]], items=1), shrinkage=-1)


def test_one_item_and_no_events_are_no_problem(make_dataset):
    for lists in ([[0]], [[]]):
        scorer = ItemKNN.fit(make_dataset(lists, items=1))
        batch = PackedBatch.of(make_dataset([[0]], items=1).histories)
        assert scorer.score(scorer.query(batch), 0, 1).tolist() == [[0.0]]
