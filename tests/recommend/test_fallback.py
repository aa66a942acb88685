"""The popularity fallback states its score."""

from __future__ import annotations

import numpy as np
import torch

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.recommend.fallback import PopularityFallback


def test_the_score_is_the_logarithm_of_the_share_of_events():
    fallback = PopularityFallback(np.array([6, 0, 2]))
    query = fallback.query(PackedBatch.of(Histories.of([[], [1]])))
    scores = fallback.score(query, 0, 3)
    assert torch.allclose(scores.exp(), torch.tensor([[0.75, 0.0, 0.25]] * 2))
    assert torch.equal(fallback.score(query, 1, 3), scores[:, 1:])


def test_a_catalogue_without_events_scores_nothing():
    assert PopularityFallback(np.array([0, 0])).score(1, 0, 2).tolist() == [[-np.inf, -np.inf]]
