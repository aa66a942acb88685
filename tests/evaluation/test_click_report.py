"""All metrics of clicks together: the values of the single functions, intervals over users."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from regard.data.auc import auc
from regard.data.impressions import Impressions
from regard.evaluation.click_report import measure_clicks
from regard.evaluation.clicks import log_loss


def made(impressions: int = 600, users: int = 60, seed: int = 0) -> Impressions:
    rng = np.random.default_rng(seed)
    shown = [rng.permutation(50)[: rng.integers(1, 8)].tolist() for _ in range(impressions)]
    clicked = [[item for item in row if rng.random() < 0.3] for row in shown]
    return Impressions.of(shown, clicked=clicked, users=rng.integers(0, users, impressions).tolist())


SHOWN = made()
RNG = np.random.default_rng(1)
SCORE = np.clip(0.3 + 0.2 * SHOWN.labels["click"] + 0.2 * RNG.normal(size=SHOWN.num_candidates), 0.01, 0.99)


def test_values_are_those_of_the_single_functions_and_lie_in_their_intervals() -> None:
    measured = measure_clicks(SHOWN, SCORE, probabilities=SCORE)
    assert measured.values["auc"].value == pytest.approx(auc(SHOWN.labels["click"], SCORE))
    assert measured.values["log_loss"].value == pytest.approx(log_loss(SHOWN.labels["click"], SCORE))
    assert set(measured.values) == {
        "auc",
        "uauc",
        "gauc",
        "impression_auc",
        "mrr",
        "ndcg@5",
        "ndcg@10",
        "log_loss",
    }
    for interval in measured.values.values():
        assert interval.low < interval.value < interval.high
    assert measured.reliability is not None
    assert measured.users == 60


def test_impressions_with_one_class_are_left_out_of_the_impressions_metrics_and_counted() -> None:
    shown = Impressions.of([[1, 2], [3, 4], [5]], clicked=[[2], [], [5]], users=[0, 0, 0])
    measured = measure_clicks(shown, np.array([0.1, 0.9, 0.5, 0.4, 0.3]))
    assert measured.impressions_left_out == 2
    assert measured.values["mrr"].value == 1.0


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    inside = 0
    for seed in range(60):
        shown = made(impressions=200, users=40, seed=seed + 5)
        rng = np.random.default_rng(seed)
        score = rng.normal(size=shown.num_candidates) + shown.labels["click"]
        interval = measure_clicks(shown, score, seed=seed).values["auc"]
        inside += interval.low < 0.7602 < interval.high  # normal scores one apart: Phi(1 / sqrt 2)
    assert 51 <= inside <= 60


def test_users_that_come_twice_widen_the_interval() -> None:
    alone = measure_clicks(replace(SHOWN, user_I=np.full(len(SHOWN), -1, dtype=np.int32)), SCORE)
    assert alone.users == len(SHOWN)
    few = measure_clicks(replace(SHOWN, user_I=(np.arange(len(SHOWN)) % 3).astype(np.int32)), SCORE)
    assert few.users == 3


def test_the_same_seed_gives_the_same_intervals_and_another_label_can_be_asked_for() -> None:
    two = replace(SHOWN, labels={**SHOWN.labels, "like": 1 - SHOWN.labels["click"]})
    first, again = (measure_clicks(two, SCORE, action="like", seed=3) for _ in range(2))
    assert first.values == again.values
    assert first.values["auc"].value == pytest.approx(1 - measure_clicks(SHOWN, SCORE).values["auc"].value)
