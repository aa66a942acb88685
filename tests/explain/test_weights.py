"""Attention is shown as the model had it, and only where a model has it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.explain.weights import LABEL, last_attention
from regard.models.causal import CausalConfig, CausalModel
from regard.models.scoring import EncoderScorer
from regard.recommend.fallback import PopularityFallback


def test_the_weights_are_those_of_the_latest_query_in_the_last_layer() -> None:
    torch.manual_seed(0)
    model = CausalModel(CausalConfig(width=16, heads=4, blocks=2, max_length=20), num_items=9).eval()
    history = Histories.of([[3, 1, 4, 1, 5]])
    looked = last_attention(EncoderScorer(model), history)
    assert looked is not None
    every = model.observed(PackedBatch.of(history)).weights_LNTT.detach()
    np.testing.assert_allclose(looked.heads_NE, every[1, :, 4, :], rtol=1e-6)
    assert looked.heads_NE.shape == (4, 5)
    np.testing.assert_allclose(looked.mean_E, looked.heads_NE.mean(axis=0))
    assert looked.mean_E.sum() == pytest.approx(1.0)


def test_a_scorer_without_attention_shows_none() -> None:
    assert last_attention(PopularityFallback(np.array([1, 2])), Histories.of([[0, 1]])) is None


def test_the_label_does_not_claim_a_cause() -> None:
    assert LABEL == "where the model looked, not why"
