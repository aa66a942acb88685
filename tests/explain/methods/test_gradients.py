"""Methods by slopes agree with what can be computed otherwise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.explain.questions import blended, question_of

from regard.explain.gates import slopes
from regard.explain.methods.gradients import gradient_x_input, integrated_gradients, popular_paths

HISTORY = [3, 1, 4, 9, 5]


def test_gradient_x_input_is_the_slope_with_open_gates() -> None:
    question = question_of(blended(), HISTORY, 7)
    found = gradient_x_input(question)
    np.testing.assert_array_equal(found.value_E, slopes(question, np.ones(1))[0])
    assert found.calls == 3


def test_integrated_gradients_add_up_to_what_all_gates_do() -> None:
    question = question_of(blended(), HISTORY, 7)
    fine = slopes(question, (np.arange(500) + 0.5) / 500).mean(axis=0)
    found = integrated_gradients(question).value_E
    assert found.sum() == pytest.approx(fine.sum(), rel=0.1)
    assert np.corrcoef(found, fine)[0, 1] > 0.95


def test_paths_from_popular_items_find_the_event_that_alone_matters() -> None:
    scorer = blended(memory=5.0, decay=1.0)
    scorer.encoder.items.weight.data.zero_()
    memory = scorer.blend.memory
    assert memory is not None
    memory.weight_CK.zero_()
    memory.weight_CK[4 - 1] = 1.0
    memory.neighbour_CK[4 - 1] = torch.tensor([6, 6, 6, 6])  # place 6 is item 7
    question = question_of(scorer, HISTORY, 7)
    found = popular_paths(question, 1)
    assert found.order()[0] == 2
    assert popular_paths(question, 1).value_E.tolist() == found.value_E.tolist()
