"""Memory and trend come from the training log; validation says what each is worth."""

from __future__ import annotations

import numpy as np
import torch

from regard.data.prepare import prepare
from regard.model import Model
from regard.models.blend import BlendWeights
from regard.train.blending import BlendConfig, make_blend, make_parts

LOG = {"user_id": [1, 1, 2, 2, 3, 3], "item_id": list("abacba"), "timestamp": [1, 2, 3, 4, 5, 6]}


def test_a_trend_counts_the_latest_share_of_the_events() -> None:
    train = prepare(LOG).dataset
    parts = make_parts(train, BlendConfig(memory_items=10), recent=(0.5, 1.0))
    np.testing.assert_allclose(parts.trends[0.5].exp() - 1, [1, 1, 1], rtol=1e-5)
    np.testing.assert_allclose(parts.trends[1.0].exp() - 1, [3, 2, 1], rtol=1e-5)


def test_a_part_of_weight_zero_is_left_out() -> None:
    train = prepare(LOG).dataset
    parts = make_parts(train, BlendConfig())
    blend = make_blend(parts, BlendWeights(memory=0.0, trend=0.0), num_items=3)
    assert blend.memory is None
    assert torch.equal(blend.trend_V, torch.zeros(3))


def test_weights_are_never_negative(model: Model) -> None:
    weights = model.blend.weights
    assert min(weights.model, weights.memory, weights.trend) >= 0
    assert weights.model > 0
