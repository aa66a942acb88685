"""Attention is read as the network computed it."""

from __future__ import annotations

import numpy as np
import pytest
from tests.explain.questions import blended, linear, question_of

from regard.data.packing import PackedBatch
from regard.explain.methods.attention import (
    has_attention,
    has_values,
    last_layer,
    mean_layers,
    rollout,
    value_weighted,
)
from regard.explain.weights import last_attention

HISTORY = [3, 1, 4, 9, 5]


def test_the_last_layer_is_what_an_explanation_shows_beside_influence() -> None:
    question = question_of(blended(), HISTORY, 7)
    shown = last_attention(question.scorer, question.history)
    assert shown is not None
    np.testing.assert_allclose(last_layer(question).value_E, shown.mean_E)


def test_the_mean_of_one_layer_is_that_layer_and_rollout_adds_the_event_itself() -> None:
    question = question_of(blended(blocks=1), HISTORY, 7)
    last = last_layer(question).value_E
    np.testing.assert_allclose(mean_layers(question).value_E, last)
    np.testing.assert_allclose(rollout(question).value_E, 0.5 * last + 0.5 * np.eye(5)[-1])


@pytest.mark.parametrize("method", [mean_layers, rollout, last_layer])
def test_weights_are_shares(method: object) -> None:
    value = method(question_of(blended(), HISTORY, 7)).value_E  # type: ignore[operator]
    assert value.sum() == pytest.approx(1.0)
    assert (value >= 0).all()


def test_values_add_up_to_what_attention_returns() -> None:
    question = question_of(blended(blocks=1), [3], 7)
    block = question.scorer.encoder.stack.blocks[0]  # type: ignore[attr-defined]
    batch, model = PackedBatch.of(question.history), question.scorer.encoder  # type: ignore[attr-defined]
    x = model._embed(batch, model._plan(batch), None)
    out = block.attention(block.norm_attention(x), plan=model._plan(batch)) - block.attention.project_out.bias
    assert value_weighted(question).value_E[0] == pytest.approx(float(out.detach().norm()), rel=1e-5)


def test_no_attention_is_seen_where_there_is_none() -> None:
    assert not has_attention(linear())
    assert not has_values(linear())
    assert has_attention(blended())
