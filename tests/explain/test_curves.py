"""Curves are what the model answers along an order, and their areas tell good orders from bad ones."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from tests.explain.questions import blended, linear, question_of

from regard.explain.curves import BETTER, Curves, curves
from regard.explain.methods.removal import one_by_one

HISTORY = [3, 1, 4, 9]


def test_every_point_is_an_answer_of_the_model() -> None:
    question = question_of(blended(), HISTORY, 7)
    drawn = curves(question, np.array([2, 0, 3, 1]))
    assert drawn.events_P.tolist() == [0, 1, 2, 3, 4]
    whole = question.whole.log_probability_U[0]
    for count, gone in enumerate([[], [2], [2, 0], [2, 0, 3], [0, 1, 2, 3]]):
        kept = np.ones((2, 4), dtype=bool)
        kept[0, gone] = False
        kept[1] = ~kept[0]
        answers = question.ask(kept)
        left = np.minimum(1, np.exp(answers.log_probability_U - whole))
        assert drawn.left_P[count] == pytest.approx(left[0], abs=1e-5)
        assert drawn.known_P[count] == pytest.approx(left[1], abs=1e-5)
        assert drawn.rank_P[count] == answers.rank_U[0]


def test_areas_are_those_of_trapezoids_by_hand() -> None:
    drawn = Curves(
        events_P=np.array([0, 1, 2]),
        left_P=np.array([1.0, 0.5, 0.0]),
        known_P=np.array([0.0, 1.0, 1.0]),
        rank_P=np.array([1, 3, 15]),
        k=10,
    )
    assert drawn.measures() == {
        "DEL": pytest.approx(0.5),
        "INS": pytest.approx(0.75),
        "POS": pytest.approx(0.75),
        "CDCG": pytest.approx((1 + 0.5) / 4 + (0.5 + 0.25) / 4),
        "comprehensiveness": pytest.approx(0.5),
        "sufficiency": pytest.approx(0.0),
    }


def test_greedy_removal_is_near_the_best_of_all_orders_and_far_from_the_worst() -> None:
    for seed in range(3):
        question = question_of(linear(seed), HISTORY, 7)
        areas = [curves(question, np.array(order)).measures()["DEL"] for order in permutations(range(4))]
        own = curves(question, one_by_one(question).order()).measures()["DEL"]
        assert own <= min(areas) + 0.05 * (max(areas) - min(areas)) + 1e-9


def test_a_long_history_is_sampled_and_a_single_event_has_both_ends() -> None:
    long = curves(question_of(linear(), HISTORY * 25, 7), np.arange(100))
    assert long.events_P[0] == 0
    assert long.events_P[-1] == 100
    assert len(long.events_P) <= 27
    single = curves(question_of(linear(), [3], 7), np.arange(1)).measures()
    assert set(single) == set(BETTER)
    assert all(0 <= value <= 1 for value in single.values())
