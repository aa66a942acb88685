"""Settings are chosen by the same ranks that serving gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from regard.data.packing import PackedBatch
from regard.data.split import SplitSpec, hold_out
from regard.evaluation.linear import EASE
from regard.evaluation.neighbours import ItemKNN
from regard.evaluation.tuning import best_setting, target_ranks


def test_the_counted_rank_is_the_place_in_the_served_list(ml100k, serve):
    holdout = hold_out(ml100k, SplitSpec(kind="leave-last-out"))
    queries, known = holdout.queries, holdout.train.item_counts > 0
    scorer = ItemKNN.fit(holdout.train, neighbours=5)  # a few neighbours make many ties at zero
    ranks = target_ranks(scorer, queries.histories, queries.target, known_V=known)
    listed = serve(scorer, holdout.train).rank(queries.histories, k=1682).item_UK
    for user, target in enumerate(queries.target):
        place = np.flatnonzero(listed[user] == target)
        assert ranks[user] == (place[0] if len(place) else 1682)


@dataclass
class Favourite:
    """Prefers one item."""

    item: int
    num_items: int = 5

    def query(self, batch: PackedBatch) -> int:
        return batch.num_users

    def score(self, query: int, start: int, stop: int) -> torch.Tensor:
        return (torch.arange(start, stop) == self.item).float().expand(query, -1)


def test_the_setting_with_the_best_ranks_is_chosen(make_dataset):
    train = make_dataset([[0, 4], [1, 4], [2, 4], [4, 3], [3, 0]], items=5)
    holdout = hold_out(train, SplitSpec(kind="leave-last-out"))
    assert best_setting([1, 4, 2], Favourite, holdout=holdout) == 4
    assert best_setting([1, 1, 1], Favourite, holdout=holdout) == 1


def test_tuning_fits_on_the_inner_part_and_returns_a_fit_of_the_whole(ml100k):
    holdout = hold_out(ml100k, SplitSpec(kind="leave-last-out"))
    tuned = EASE.fit(ml100k, tune_on=holdout)
    grid = (50.0, 100.0, 250.0, 500.0, 1000.0)
    chosen = [
        ridge for ridge in grid if torch.equal(EASE.fit(ml100k, ridge=ridge).weight_VV, tuned.weight_VV)
    ]
    known = holdout.train.item_counts > 0
    values = []
    for ridge in grid:
        scorer = EASE.fit(holdout.train, ridge=ridge)
        rank = target_ranks(scorer, holdout.queries.histories, holdout.queries.target, known_V=known)
        values.append(np.where(rank < 10, 1 / np.log2(rank + 2), 0).mean())
    assert chosen == [grid[int(np.argmax(values))]]
