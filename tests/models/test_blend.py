"""The blend is the weighted sum of its parts."""

from __future__ import annotations

import torch

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.blend import Blend, BlendScorer, BlendWeights
from regard.models.causal import CausalConfig, CausalModel
from regard.models.memory import ItemMemory
from regard.models.scoring import EncoderScorer

MODEL = CausalModel(CausalConfig(width=8), num_items=6).eval()
BATCH = PackedBatch.of(Histories.of([[1, 2], [3], []]))


def scores(blend: Blend) -> torch.Tensor:
    scorer = BlendScorer(MODEL, blend)
    with torch.no_grad():
        return scorer.score(scorer.query(BATCH), 0, 6)


def test_alone_the_encoder_speaks() -> None:
    plain = EncoderScorer(MODEL)
    with torch.no_grad():
        assert torch.equal(scores(Blend.none(6)), plain.score(plain.query(BATCH), 0, 6))


def test_parts_add_up_with_their_weights() -> None:
    memory = ItemMemory(
        item_C=torch.tensor([1, 3]), neighbour_CK=torch.tensor([[1], [0]]), weight_CK=torch.ones(2, 1)
    )
    trend = torch.arange(6.0)
    weights = BlendWeights(model=0.5, memory=2.0, trend=3.0)
    blended = scores(Blend(weights=weights, trend_V=trend, memory=memory))
    parts = 0.5 * scores(Blend.none(6)) + 2 * memory.scores(memory.sums(BATCH, decay=1.0), 0, 6) + 3 * trend
    torch.testing.assert_close(blended, parts)


def test_what_is_taken_from_new_items_is_taken_from_them_alone() -> None:
    cold = torch.tensor([False, True, False, True, False, False])
    plain = scores(Blend(weights=BlendWeights(), trend_V=torch.zeros(6)))
    taken = scores(Blend(weights=BlendWeights(cold=0.5), trend_V=torch.zeros(6), cold_V=cold))

    assert torch.allclose(plain - taken, 0.5 * cold.float().expand_as(plain), atol=1e-6)
