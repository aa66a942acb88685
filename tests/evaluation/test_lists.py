"""Lists beyond accuracy, against their definitions and on MovieLens-100K."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.data.histories import Histories
from regard.data.prepare import prepare
from regard.data.sources.public import read_public
from regard.evaluation.lists import calibration_kl, intra_list_diversity, judge_lists, shares_of
from regard.recommend.rules.calibration import CalibrationTerm, mixes_of
from regard.recommend.rules.context import read_tags


def test_diversity_is_the_mean_over_pairs() -> None:
    vectors = np.random.default_rng(0).normal(size=(8, 3))
    vectors[7] = 0
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    lists = np.array([[0, 1, 2, 3], [4, 5, 7, -1], [6, 7, -1, -1]])
    expected = [
        np.mean([1 - unit[a] @ unit[b] for a, b in itertools.combinations(row, 2)])
        for row in ([0, 1, 2, 3], [4, 5])
    ]
    assert intra_list_diversity(lists, vectors)[:2] == pytest.approx(expected)
    assert np.isnan(intra_list_diversity(lists, vectors)[2])


def test_calibration_is_what_the_rule_of_this_name_lowers() -> None:
    genres = pl.Series("genres", [["War"], ["War", "Drama"], ["Drama"], ["Comedy"], []])
    tags = read_tags(genres)
    history, shown = np.array([0, 0, 1, 4]), [2, 1, 3, 4]
    mixes = mixes_of(tags.taken(history), tags)
    assert mixes is not None
    term = CalibrationTerm(mixes)
    for one in shown[:-1]:
        term.take(one)
    judged = calibration_kl(np.array([shown]), Histories.of([history.tolist()]), shares_of(genres))
    assert judged[0] == pytest.approx(-term.bonus()[shown[-1]])


def test_a_list_without_categories_is_as_far_off_as_can_be() -> None:
    shares = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert calibration_kl(np.array([[1]]), Histories.of([[0]]), shares) == pytest.approx([np.log(100)])


def test_lists_of_what_users_had_are_calibrated_and_popular_lists_are_not(shared_data: Path) -> None:
    data = read_public("ml-100k", shared_data / "ml-100k")
    dataset = prepare(data.events, items=data.items).dataset
    shares = shares_of(dataset.item_table["genres"])
    assert shares.sum(axis=1) == pytest.approx(1)
    had = np.stack([dataset.histories.items_of(user)[-20:] for user in range(len(dataset.users))])
    popular = np.tile(np.argsort(-dataset.item_counts)[:20], (len(had), 1))
    own, same = (
        judge_lists(
            lists,
            histories=dataset.histories,
            popularity_V=dataset.item_counts,
            vectors_VD=shares,
            share_VG=shares,
        )
        for lists in (had, popular)
    )
    assert own.calibration < same.calibration
    assert own.beyond.coverage > same.beyond.coverage == pytest.approx(20 / 1682)
    assert own.beyond.gini < same.beyond.gini
    assert own.beyond.novelty > same.beyond.novelty
    assert 0 < own.diversity < 1


def test_nothing_to_judge_is_none() -> None:
    nothing = judge_lists(
        np.array([[-1]]),
        histories=Histories.of([[]]),
        popularity_V=np.ones(2, dtype=np.int64),
        vectors_VD=np.eye(2),
        share_VG=np.eye(2),
    )
    assert nothing.diversity is nothing.calibration is None
