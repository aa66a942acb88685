"""Memory and trend come from the training log; validation says what each is worth."""

from __future__ import annotations

import numpy as np
import torch

from regard.data.prepare import prepare
from regard.data.split import SplitSpec, hold_out
from regard.model import Model
from regard.models.blend import BlendWeights
from regard.models.causal import CausalConfig, CausalModel
from regard.train.blending import BlendConfig, find_weights, make_blend, make_parts

LOG = {"user_id": [1, 1, 2, 2, 3, 3], "item_id": list("abacba"), "timestamp": [1, 2, 3, 4, 5, 6]}


def test_a_trend_counts_the_latest_share_of_the_events() -> None:
    train = prepare(LOG).dataset
    parts = make_parts(train, BlendConfig())
    np.testing.assert_allclose(parts.trends[0.25].exp() - 1, [1, 1, 0], rtol=1e-5)
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


def test_only_the_parts_with_a_weight_are_fitted_again() -> None:
    train = prepare(LOG).dataset
    parts = make_parts(train, BlendConfig(), wanted=BlendWeights(memory=1.0, kind="together", trend=0.0))
    assert list(parts.memories) == ["together"]
    assert not parts.trends


def test_a_log_in_a_circle_is_best_remembered() -> None:
    """Each item is followed by the next of forty: the untrained model knows nothing, the memory all."""
    first = np.random.default_rng(0).integers(0, 40, size=400)
    log = {
        "user_id": np.repeat(np.arange(400), 4),
        "item_id": ((first[:, None] + np.arange(4)) % 40).ravel(),
        "timestamp": np.arange(1600),
    }
    known = prepare(log).dataset
    held = hold_out(known, SplitSpec(kind="leave-last-out"))
    model = CausalModel(CausalConfig(width=8), num_items=len(known.items)).eval()
    found = find_weights(model, held, known, BlendConfig())
    assert found.weights.memory > 0
    assert found.value is not None
    assert found.value > 0.9
