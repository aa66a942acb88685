"""Exact top-k: the same answer as a full sort, whatever the blocks and the neighbours."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.errors import ConfigError
from regard.recommend.exact import top_k
from regard.recommend.filters import Allowed


@dataclass
class Table:
    """A scorer that reads its scores from a table, one row for each user."""

    scores: Tensor

    @property
    def num_items(self) -> int:
        return self.scores.shape[1]

    def query(self, batch: PackedBatch) -> Tensor:
        return self.scores[batch.user_U]

    def score(self, query: Tensor, start: int, stop: int) -> Tensor:
        return query[:, start:stop]


def _batch(users: list[int]) -> PackedBatch:
    return PackedBatch.of(replace(Histories.of([[] for _ in users]), user=np.array(users)))


def _all(items: int) -> Allowed:
    return Allowed(known_V=np.ones(items, dtype=bool))


def _by_sorting(row: np.ndarray, k: int) -> list[int]:
    order = sorted((i for i in range(len(row)) if row[i] > -np.inf), key=lambda i: (-row[i], i))[:k]
    return order + [-1] * (k - len(order))


SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 1.0, -1.0, 1e-42, -1e-42, 3.4e38, -3.4e38]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_equals_a_full_sort_for_any_block_size_and_any_scores(data):
    users, items = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 30))
    k, block = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 35))
    values = st.sampled_from(SPECIAL) | st.floats(width=32)
    rows = data.draw(
        st.lists(st.lists(values, min_size=items, max_size=items), min_size=users, max_size=users)
    )
    scores = torch.tensor(rows, dtype=torch.float32)
    ranked = top_k(Table(scores), _batch(list(range(users))), k=k, allowed=_all(items), block=block)
    for row, got, score in zip(scores.numpy(), ranked.item_UK, ranked.score_UK, strict=True):
        assert got.tolist() == _by_sorting(row, k)
        assert (score[got < 0] == -np.inf).all()
        assert (score[got >= 0] == row[got[got >= 0]]).all()


def test_ties_go_to_the_lower_item_number_even_at_the_end_of_the_list():
    scores = torch.tensor([[1.0, 2.0, 1.0, 2.0, 1.0]])
    for block in (1, 2, 3, 5):
        ranked = top_k(Table(scores), _batch([0]), k=3, allowed=_all(5), block=block)
        assert ranked.item_UK.tolist() == [[1, 3, 0]]


def test_a_user_gets_the_same_list_alone_and_in_a_batch():
    scores = torch.randint(0, 5, (20, 300), generator=torch.Generator().manual_seed(0)).float()
    together = top_k(Table(scores), _batch(list(range(20))), k=7, allowed=_all(300), block=64)
    for user in range(20):
        alone = top_k(Table(scores), _batch([user]), k=7, allowed=_all(300), block=300)
        assert alone.item_UK[0].tolist() == together.item_UK[user].tolist()


def test_a_list_longer_than_the_catalogue_ends_in_minus_one():
    ranked = top_k(Table(torch.tensor([[1.0, 3.0]])), _batch([0]), k=4, allowed=_all(2))
    assert ranked.item_UK.tolist() == [[1, 0, -1, -1]]
    assert ranked.score_UK.tolist() == [[3.0, 1.0, -np.inf, -np.inf]]


def test_the_scores_of_the_model_are_left_as_they_are():
    scores = torch.ones(1, 4)
    allowed = _all(4).without_seen(Histories.of([[0, 1]]))
    assert top_k(Table(scores), _batch([0]), k=2, allowed=allowed).item_UK.tolist() == [[2, 3]]
    assert scores.tolist() == [[1.0] * 4]


def test_a_batch_without_users_gives_an_empty_ranking():
    ranked = top_k(Table(torch.ones(1, 4)), _batch([]), k=2, allowed=_all(4))
    assert ranked.item_UK.shape == (0, 2)


@pytest.mark.parametrize(("k", "block"), [(0, 1), (-3, 1), (1, 0)])
def test_sizes_below_one_are_refused(k, block):
    with pytest.raises(ConfigError, match=">= 1"):
        top_k(Table(torch.ones(1, 4)), _batch([0]), k=k, allowed=_all(4), block=block)
