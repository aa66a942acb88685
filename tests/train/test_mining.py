"""Examples are honest: no source has seen a target, no history holds one, and draws say how likely they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.impressions import Impressions
from regard.data.packing import NO_TIME
from regard.data.split import Queries, SplitSpec, hold_out
from regard.evaluation.neighbours import ItemKNN
from regard.evaluation.popularity import Popularity
from regard.model import Model
from regard.recommend.recommender import Recommender
from regard.train.mining import ACTION, Mine, Mined, sources_of, targets_between
from regard.train.two_stage_config import SecondStageConfig

CONFIG = SecondStageConfig(
    retrieval=10, popular=5, recent=5, similar=5, hard=6, random=4, examples_per_user=2
)


@pytest.fixture(scope="module")
def parts(coloured: Model) -> tuple[Dataset, Dataset]:
    late = hold_out(coloured.train, SplitSpec(quantile=0.9)).train
    return hold_out(coloured.train, SplitSpec(quantile=0.5)).train, late


@pytest.fixture(scope="module")
def queries(coloured: Model, parts: tuple[Dataset, Dataset]) -> Queries:
    return targets_between(coloured.train, *parts, CONFIG, seed=0)


@pytest.fixture(scope="module")
def mine(parts: tuple[Dataset, Dataset]) -> Mine:
    early = parts[0]
    retrieval = Recommender.of(Popularity.fit(early), known=early, train=early)
    similar = ItemKNN.fit(early, neighbours=10)
    sources = sources_of(retrieval, early, CONFIG, similar=similar)
    return Mine(sources=sources, known_V=retrieval.known_V, config=CONFIG, seed=0)


@pytest.fixture(scope="module")
def mined(mine: Mine, queries: Queries) -> Mined:
    return mine.examples(queries)


def test_targets_come_after_all_that_sources_learned(
    parts: tuple[Dataset, Dataset], queries: Queries
) -> None:
    early, late = (part.histories for part in parts)
    learned, held = (part.time[part.events()] for part in (early, late))
    assert len(queries) > 50
    assert queries.target_time.min() > learned.max()
    assert queries.target_time.max() <= held.max()


def test_a_history_ends_before_its_target_and_does_not_hold_it(queries: Queries) -> None:
    histories = queries.histories
    for row in range(len(queries)):
        assert histories.times_of(row).max() < queries.target_time[row]
        assert queries.target[row] not in histories.items_of(row)


def test_no_user_has_more_targets_than_allowed_and_a_seed_decides(
    coloured: Model, parts: tuple[Dataset, Dataset], queries: Queries
) -> None:
    assert np.bincount(queries.user).max() == 2
    again = targets_between(coloured.train, *parts, CONFIG, seed=0)
    other = targets_between(coloured.train, *parts, CONFIG, seed=1)
    assert np.array_equal(again.target_time, queries.target_time)
    assert not np.array_equal(other.target_time, queries.target_time)
    few = targets_between(coloured.train, *parts, CONFIG.changed(examples=7), seed=0)
    assert len(few) == 7


def test_each_list_has_its_target_first_and_negatives_that_are_no_seen_items(
    mined: Mined, queries: Queries
) -> None:
    shown = mined.impressions
    for row in range(len(shown)):
        items = shown.item_K[shown.offsets[row] : shown.offsets[row + 1]]
        assert items[0] == queries.target[row]
        assert len(set(items.tolist())) == len(items)
        pool = items[1:7]
        assert not set(pool.tolist()) & set(queries.histories.items_of(row).tolist())
    assert shown.labels[ACTION].sum() == len(shown)
    assert 0.3 < (shown.time_I == NO_TIME).mean() < 0.7


def test_the_inverse_of_the_probabilities_counts_the_items_that_a_list_stands_for(
    mined: Mined, mine: Mine
) -> None:
    shown = mined.impressions
    assert shown.propensity_K is not None
    stands_for = np.add.reduceat(1 / shown.propensity_K, shown.offsets[:-1])
    assert np.allclose(stands_for, mine.known_V.sum(), atol=1.5)


def test_pools_hold_every_candidate_and_the_target_only_where_it_was_proposed(
    mine: Mine, queries: Queries
) -> None:
    pools = mine.pools(queries)
    shown = pools.impressions
    found = np.add.reduceat(shown.labels[ACTION], shown.offsets[:-1])
    assert set(found.tolist()) == {0.0, 1.0}
    assert shown.lengths.max() > 10
    weight = np.full(len(shown), 1 / len(shown))
    own = np.where(shown.labels[ACTION] > 0, 1.0, 0.0)
    assert np.isclose(pools.ndcg(own, weight), found.mean())
    assert pools.ndcg(-own, weight) == 0.0


def test_a_scale_makes_scores_as_sure_as_they_may_be() -> None:
    draw, lists, size = np.random.default_rng(0), 4000, 20
    value_EL = draw.normal(size=(lists, size)).astype(np.float32)
    chance_EL = np.exp(0.5 * value_EL)
    target_E = (
        chance_EL.cumsum(axis=1) / chance_EL.sum(axis=1, keepdims=True) < draw.random((lists, 1))
    ).sum(1)
    shown = Impressions.of([list(range(size))] * lists, clicked=[[one] for one in target_E.tolist()])
    mined = Mined(
        impressions=replace(
            shown, labels={ACTION: shown.labels["click"]}, propensity_K=np.ones(lists * size)
        ),
        histories=Histories.of([[0]] * lists),
        value_KN=value_EL.reshape(-1, 1),
    )
    assert 0.4 < mined.scale() < 0.6


def test_rows_stand_on_what_retrieval_says(mined: Mined, mine: Mine) -> None:
    edges = mined.edges(mine.sources)
    assert list(edges) == ["retrieval", "popular", "recent", "similar"]
    assert all(len(edge) > 1 and (np.diff(edge) > 0).all() for edge in edges.values())
    rows = mined.rows(edges, max_length=4)
    assert rows.base_K is not None
    assert np.array_equal(rows.base_K, mined.value_KN[:, 0])
    some = rows.take(np.array([2, 0]))
    assert some.base_K is not None
    assert len(some.base_K) == some.impressions.num_candidates
    assert rows.histories.lengths.max() == 4
