"""Keys turn scores into lists without ever meeting a tie."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from regard.recommend.ranking import empty_ranking, items_of_keys, keys_of, ranked_by_keys, scores_of_keys


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=30))
def test_keys_keep_scores_and_items_and_order_them(values):
    scores, items = torch.tensor(values, dtype=torch.float32), torch.arange(len(values))
    keys = keys_of(scores, items)
    assert torch.equal(scores_of_keys(keys), scores)
    assert torch.equal(items_of_keys(keys), items)
    expected = sorted(range(len(values)), key=lambda i: (-scores[i].item(), i))
    assert keys.argsort(descending=True).tolist() == expected


def test_pairs_in_any_order_become_lists():
    keys = keys_of(torch.tensor([1.0, 3.0, 2.0, -torch.inf, 3.0]), torch.tensor([4, 9, 5, 6, 8]))
    ranked = ranked_by_keys(keys.numpy(), np.array([2, 0, 2, 1, 0]), users=4, k=2)
    assert ranked.item_UK.tolist() == [[8, 9], [-1, -1], [5, 4], [-1, -1]]
    assert ranked.score_UK.tolist() == [[3, 3], [-np.inf] * 2, [2, 1], [-np.inf] * 2]


def test_an_empty_ranking_recommends_nothing():
    ranked = empty_ranking(1, 2)
    assert ranked.item_UK.tolist() == [[-1, -1]]
    assert ranked.score_UK.tolist() == [[-np.inf, -np.inf]]
