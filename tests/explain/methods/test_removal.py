"""What the model relies on is found by leaving it out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.explain.questions import Linear, V, blended, linear, question_of

from regard.explain.gates import slopes
from regard.explain.influence import leave_one_out as influence
from regard.explain.methods import removal
from regard.explain.methods.removal import fall, in_rounds, leave_one_out, one_by_one, screened, shapley

HISTORY = [3, 1, 4, 9, 5]


def test_leave_one_out_is_the_influence() -> None:
    question = question_of(linear(), HISTORY, 7)
    known = influence(question.scorer, question.history, 7, known_V=question.recommender.known_V)
    found = leave_one_out(question)
    np.testing.assert_allclose(found.value_E, known.influence_E, atol=1e-9)
    assert found.calls == 6


def test_screening_measures_the_steepest_events_and_keeps_the_slopes_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    question = question_of(blended(), HISTORY, 7)
    exact = leave_one_out(question).value_E
    np.testing.assert_allclose(
        screened(question).value_E, exact, atol=1e-5
    )  # a short history: all are measured
    monkeypatch.setattr(removal, "SCREENED", 2)
    few, slope = screened(question), slopes(question, np.ones(1))[0]
    steep = np.argsort(-np.abs(slope))[:2]
    np.testing.assert_allclose(few.value_E[steep], exact[steep], atol=1e-5)
    others = np.setdiff1d(np.arange(5), steep)
    np.testing.assert_array_equal(few.value_E[others], slope[others])
    assert few.calls == 6


def test_one_by_one_removes_what_leaves_least_each_time() -> None:
    question = question_of(linear(), HISTORY, 7)
    order, kept = one_by_one(question).order(), np.ones(5, dtype=bool)
    for event in order:
        left = np.flatnonzero(kept)
        trials = np.array([kept & (np.arange(5) != other) for other in left])
        assert event == left[question.ask(trials).log_probability_U.argmin()]
        kept[event] = False
    assert one_by_one(question).calls == 5 + 4 + 3 + 2 + 1


def test_rounds_take_several_events_at_once_and_far_fewer_calls() -> None:
    history = np.random.default_rng(0).integers(0, V, 40).tolist()
    question = question_of(linear(), history, 7)
    found, slow = in_rounds(question), one_by_one(question)
    assert sorted(found.value_E.tolist()) == list(range(1, 41))
    assert found.order()[0] == slow.order()[0]
    assert found.calls < 5 * 40 < slow.calls


def test_shapley_values_add_up_to_what_the_history_does_and_know_their_error() -> None:
    question = question_of(linear(), HISTORY, 7)
    found = shapley(question, 3)
    assert found.value_E.sum() == pytest.approx(fall(question, np.zeros((1, 5), dtype=bool))[0], abs=1e-6)
    every = [shapley(question, seed).value_E for seed in range(40)]
    spread = np.std(every, axis=0)
    assert found.error_E is not None
    assert (found.error_E > 0).all()
    np.testing.assert_allclose(
        np.mean([shapley(question, s).error_E for s in range(20)], axis=0), spread, rtol=0.5
    )
    assert shapley(question, 3).value_E.tolist() == found.value_E.tolist()


def test_an_impossible_item_is_not_influenced() -> None:
    weight = torch.zeros(V, V)
    weight[:, 7] = -torch.inf
    question = question_of(Linear(weight), [3, 1], 7)
    assert leave_one_out(question).value_E.tolist() == [0.0, 0.0]
