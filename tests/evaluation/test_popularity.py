"""Baselines that ignore the history."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.errors import ConfigError, SplitError
from regard.evaluation.popularity import Popularity, RandomScorer, RecentPopularity


def _scores(scorer, *histories):
    return scorer.score(scorer.query(PackedBatch.of(Histories.of(list(histories)))), 0, scorer.num_items)


def test_popularity_is_the_share_of_events(make_dataset):
    scorer = Popularity.fit(make_dataset([[0, 0, 1], [0]], items=3))
    assert torch.allclose(_scores(scorer, [1]).exp(), torch.tensor([[0.75, 0.25, 0.0]]))


def test_recent_popularity_counts_the_window_that_ends_at_the_last_event(make_dataset):
    train = make_dataset([[0, 0, 0, 1], [1, 2]], items=4, days=[[0, 1, 2, 10], [4, 11]])
    order = _scores(RecentPopularity.fit(train, days=7), [])[0].argsort(descending=True).tolist()
    assert order == [1, 2, 0, 3]  # 1 and 2 tie in the window: over all days 1 is more popular


def test_a_window_without_length_is_refused(make_dataset):
    train = make_dataset([[0]], items=1)
    for days in (0, -1, float("nan")):
        with pytest.raises(ConfigError, match="days"):
            RecentPopularity.fit(train, days=days)
    with pytest.raises(SplitError):
        RecentPopularity.fit(make_dataset([[]], items=1))


def test_chance_is_the_same_for_the_same_history_and_seed_only():
    scorer = RandomScorer(num_items=500)
    scores = _scores(scorer, [3, 1], [1, 3], [3, 1], [])
    assert torch.equal(scores[0], scores[2])
    assert not torch.equal(scores[0], scores[1])
    assert not torch.equal(scores[0], _scores(RandomScorer(num_items=500, seed=1), [3, 1])[0])


def test_chance_is_uniform():
    values = _scores(RandomScorer(num_items=2000), *[[user] for user in range(20)]).numpy()
    assert values.min() >= 0
    assert values.max() < 1
    assert np.histogram(values, bins=10, range=(0, 1))[0] == pytest.approx([4000] * 10, abs=250)
    assert abs(np.corrcoef(values)[np.triu_indices(20, 1)]).max() < 0.1
