"""Slopes are the derivatives of what is served."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.explain.questions import V, blended, linear, question_of

from regard.data.packing import PackedBatch
from regard.explain.gates import has_gates, slopes
from regard.explain.question import Question
from regard.models.scoring import EncoderScorer

HISTORY = [3, 1, 4, 1, 5, 0]  # 1 comes twice, 0 has no neighbours


def with_vectors(question: Question, scale_E: np.ndarray) -> float:
    """Log-probability with the vectors of the events scaled, by the network alone: an independent way."""
    scorer = question.scorer
    batch = PackedBatch.of(question.history)
    model = scorer.encoder
    own = model.items.weight.detach()[batch.item_T] * torch.from_numpy(scale_E).float()[:, None]
    plan = model._plan(batch)
    x = own + model.positions(plan.query.position_T)
    state = model._state(model.stack.last(x, plan))
    return float(scorer.catalogue.scores(state, 0, V).double().log_softmax(1)[0, question.item])


def test_the_slopes_of_a_network_are_finite_differences() -> None:
    question = question_of(EncoderScorer(blended().encoder), HISTORY, 7)
    found = slopes(question, np.array([1.0, 0.4]))
    for row, at in enumerate((1.0, 0.4)):
        for event in range(len(HISTORY)):
            up, down = np.full(6, at), np.full(6, at)
            up[event] += 0.02
            down[event] -= 0.02
            with torch.no_grad():
                expected = (with_vectors(question, up) - with_vectors(question, down)) / 0.04
            assert found[row, event] == pytest.approx(expected, rel=3e-3, abs=5e-3)


def test_the_memory_is_covered_too_and_only_its_latest_occurrence_speaks() -> None:
    scorer = blended(memory=2.0)
    silent = torch.zeros_like(scorer.encoder.items.weight)
    scorer.encoder.items.weight.data.copy_(silent)  # then the network says nothing
    question = question_of(scorer, HISTORY, 7)
    found = slopes(question, np.ones(1))[0]
    whole = scorer.query(PackedBatch.of(question.history))
    chance = scorer.score(whole, 0, V).detach().double().softmax(1)[0]
    memory = scorer.blend.memory
    assert memory is not None
    for event, item in enumerate(HISTORY):
        heard = item != 0 and event != 1
        adds = torch.zeros(V, dtype=torch.float64)
        if heard:
            adds[1:].index_add_(0, memory.neighbour_CK[item - 1], memory.weight_CK[item - 1].double())
        adds *= 2.0 * 0.8 ** (5 - event)
        assert found[event] == pytest.approx(float(adds[7] - (chance * adds).sum()), abs=1e-5)


def test_slopes_along_a_path_add_up_to_what_changes_along_it() -> None:
    question = question_of(blended(), [3, 1, 4, 6], 7)
    points = (np.arange(400) + 0.5) / 400
    nothing = np.array([2, 8, 2, 9])
    total = slopes(question, points, nothing_E=nothing).mean(axis=0).sum()
    other = question_of(blended(), nothing.tolist(), 7)
    change = question.whole.log_probability_U[0] - other.whole.log_probability_U[0]
    assert total == pytest.approx(change, abs=0.02)


def test_a_scorer_that_is_no_network_has_no_gates() -> None:
    assert not has_gates(linear())
    assert has_gates(blended())
