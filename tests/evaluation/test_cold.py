"""Cold items are asked for twice: among all items, and among themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from regard.data.cold import ColdHoldout, hold_out_items
from regard.data.prepare import prepare
from regard.data.sources.public import read_public
from regard.evaluation.cold import Among, evaluate_cold
from regard.evaluation.content_knn import ContentKNN
from regard.evaluation.popularity import Popularity, RandomScorer
from regard.recommend.recommender import Recommender
from regard.train.describing import describe_items


@pytest.fixture(scope="module")
def held(shared_data: Path) -> ColdHoldout:
    """MovieLens-100K without 5 % of its films, which keep their genres."""
    data = read_public("ml-100k", shared_data / "ml-100k")
    assert data.items is not None
    return hold_out_items(prepare(data.events, items=data.items.select("item_id", "genres")).dataset)


def test_popularity_never_finds_an_item_that_nobody_has_had(held: ColdHoldout) -> None:
    ranker = Recommender.of(Popularity.fit(held.train), known=held.train, train=held.train)
    found = evaluate_cold(ranker, held.queries, train=held.train, cold_V=held.cold_V, name="popularity")

    assert found.among_all.metric("recall@20").value == found.among_cold.metric("recall@20").value == 0
    assert found.among_all.unseen_targets == len(held.queries)


def test_genres_find_new_films_better_than_chance(held: ColdHoldout) -> None:
    described = np.ones(len(held.cold_V), dtype=bool)
    knn = ContentKNN.fit(held.train, describe_items(held.train, said=None).columns)
    chance = RandomScorer(num_items=len(held.cold_V))
    both = [
        evaluate_cold(
            Recommender.of(scorer, known=held.train, train=held.train, described_V=described),
            held.queries,
            train=held.train,
            cold_V=held.cold_V,
            name="either",
        )
        for scorer in (knn, chance)
    ]

    content, random = (one.among_cold.metric("recall@10") for one in both)
    assert content.low > random.high
    assert random.low < 10 / both[0].candidates < random.high
    assert both[0].among_all.metric("recall@10").value < content.value
    assert json.loads(json.dumps(both[0].to_json()))["candidates"] == held.cold_V.sum()


def test_among_cold_items_only_those_are_candidates_in_the_order_of_the_whole(held: ColdHoldout) -> None:
    scorer = RandomScorer(num_items=len(held.cold_V))
    every = np.ones(len(held.cold_V), dtype=bool)
    ranker = Recommender.of(scorer, known=held.train, train=held.train, described_V=every)
    some = held.queries.histories.take(slice(0, 5))

    whole = ranker.rank(some, k=len(held.cold_V)).item_UK
    cold = Among(ranker=ranker, only_V=held.cold_V).rank(some, k=int(held.cold_V.sum())).item_UK
    for whole_K, cold_K in zip(whole, cold, strict=True):
        assert cold_K.tolist() == [item for item in whole_K.tolist() if item >= 0 and held.cold_V[item]]
