"""Metrics of clicks: equal to scikit-learn's and, on real news impressions, to MIND's own script."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from regard.evaluation.clicks import Groups, group_auc, group_mrr, group_ndcg, log_loss

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 4)), min_size=1, max_size=40)


def mind_dcg(y_true: np.ndarray, y_score: np.ndarray, k: int) -> float:
    """As in MIND's evaluate.py."""
    order = np.argsort(y_score)[::-1]
    y_true = np.take(y_true, order[:k])
    gains = 2**y_true - 1
    discounts = np.log2(np.arange(len(y_true)) + 2)
    return np.sum(gains / discounts)


def mind_ndcg(y_true: np.ndarray, y_score: np.ndarray, k: int) -> float:
    return mind_dcg(y_true, y_score, k) / mind_dcg(y_true, y_true, k)


def mind_mrr(y_true: np.ndarray, y_score: np.ndarray) -> float:
    order = np.argsort(y_score)[::-1]
    y_true = np.take(y_true, order)
    return np.sum(y_true / (np.arange(len(y_true)) + 1)) / np.sum(y_true)


@given(ROWS)
def test_the_auc_of_a_group_equals_scikit_learn_with_ties(rows: list[tuple[int, int, int]]) -> None:
    group, label, score = (np.array(column) for column in zip(*rows, strict=True))
    result = group_auc(Groups.of(group, score), label)
    for g in range(group.max() + 1):
        mine = label[group == g]
        if len(np.unique(mine)) == 2:
            assert result.value_G[g] == pytest.approx(sklearn.roc_auc_score(mine, score[group == g]))
        else:
            assert np.isnan(result.value_G[g])


@settings(max_examples=25, deadline=None)
@given(ROWS, st.integers(1, 6))
def test_ties_give_the_mean_over_all_orders(rows: list[tuple[int, int, int]], k: int) -> None:
    group, label, score = (np.array(column) for column in zip(*rows, strict=True))
    if label.max() == 0:
        return
    order = Groups.of(group, score)
    rng = np.random.default_rng(0)
    drawn_mrr, drawn_ndcg = [], []
    for _ in range(250):
        broken = Groups.of(group, score + rng.random(len(score)) * 1e-6)
        drawn_mrr.append(group_mrr(broken, label).mean)
        drawn_ndcg.append(group_ndcg(broken, label, k).mean)
    assert group_mrr(order, label).mean == pytest.approx(np.mean(drawn_mrr), abs=0.1)
    assert group_ndcg(order, label, k).mean == pytest.approx(np.mean(drawn_ndcg), abs=0.1)


def test_ndcg_equals_scikit_learn_with_ties_and_amounts() -> None:
    rng = np.random.default_rng(1)
    label, score = rng.integers(0, 3, (50, 12)), rng.integers(0, 5, (50, 12)).astype(float)
    groups = Groups.of(np.repeat(np.arange(50), 12), score.ravel())
    for k in (1, 5, 12, 20):
        expected = [sklearn.ndcg_score([2**one - 1], [s], k=k) for one, s in zip(label, score, strict=True)]
        assert group_ndcg(groups, label.ravel(), k).value_G == pytest.approx(expected)


def test_on_real_news_impressions_it_equals_minds_own_script(shared_data: Path) -> None:
    with gzip.open(shared_data / "mind-sample" / "behaviors.tsv.gz", "rt") as file:
        lines = [line.rstrip("\n").split("\t")[4].split() for line in file][:400]
    labels = [np.array([int(shown[-1]) for shown in line]) for line in lines]
    rng = np.random.default_rng(2)
    scores = [rng.random(len(label)) + 0.3 * label for label in labels]
    group = np.repeat(np.arange(len(labels)), [len(label) for label in labels])
    groups, flat = Groups.of(group, np.concatenate(scores)), np.concatenate(labels)
    pairs = list(zip(labels, scores, strict=True))
    assert group_auc(groups, flat).mean == pytest.approx(
        np.mean([sklearn.roc_auc_score(label, score) for label, score in pairs])
    )
    assert group_mrr(groups, flat).mean == pytest.approx(np.mean([mind_mrr(*pair) for pair in pairs]))
    for k in (5, 10):
        theirs = np.mean([mind_ndcg(*pair, k) for pair in pairs])
        assert group_ndcg(groups, flat, k).mean == pytest.approx(theirs)


def test_the_order_of_the_rows_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    group, label, score = rng.integers(0, 5, 100), rng.integers(0, 2, 100), rng.integers(0, 9, 100) / 10
    mixed = rng.permutation(100)
    for metric in (group_auc, group_mrr, lambda groups, labels: group_ndcg(groups, labels, 5)):
        straight = metric(Groups.of(group, score), label)
        assert metric(Groups.of(group[mixed], score[mixed]), label[mixed]).value_G == pytest.approx(
            straight.value_G
        )


def test_users_with_one_class_are_left_out_and_counted_and_gauc_weights_by_candidates() -> None:
    groups = Groups.of(np.array([0, 0, 1, 1, 1, 1, 2]), np.array([0.9, 0.1, 0.1, 0.2, 0.3, 0.9, 0.5]))
    result = group_auc(groups, np.array([1, 0, 1, 0, 0, 0, 1]))
    assert result.left_out == 1
    assert result.mean == 0.5
    assert result.weighted == pytest.approx((2 * 1 + 4 * 0) / 6)
    nobody = group_auc(groups, np.ones(7))
    assert np.isnan(nobody.mean)
    assert np.isnan(nobody.weighted)


def test_log_loss_equals_scikit_learn_even_at_0_and_1() -> None:
    rng = np.random.default_rng(4)
    label, probability = rng.integers(0, 2, 500), rng.random(500)
    probability[:4] = [0, 1, 0, 1]
    assert log_loss(label, probability) == pytest.approx(sklearn.log_loss(label, probability))
