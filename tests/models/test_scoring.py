"""A scorer sees the state after the latest event."""

from __future__ import annotations

import numpy as np
import torch

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.causal import CausalConfig, CausalModel
from regard.models.scoring import EncoderScorer

MODEL = CausalModel(CausalConfig(width=8), num_items=20).eval()
SCORER = EncoderScorer(MODEL)


def test_a_score_is_the_product_of_the_latest_state_and_the_items_vector() -> None:
    batch = PackedBatch.of(Histories.of([[1, 2, 3], [4]]))
    states = MODEL.encode(batch).states_TD
    expected = states[[2, 3]] @ MODEL.item_table().T
    scorer = EncoderScorer(MODEL, "float32")
    torch.testing.assert_close(scorer.score(scorer.query(batch), 0, 20), expected)


def test_a_history_without_events_scores_every_item_alike() -> None:
    query = SCORER.query(PackedBatch.of(Histories.of([[], [1]])))
    assert torch.equal(SCORER.score(query, 0, 20)[0], torch.zeros(20))


def test_it_knows_the_size_of_the_catalogue_without_its_padding() -> None:
    assert SCORER.num_items == 20


def test_states_after_the_last_events_are_those_of_the_whole_encoding() -> None:
    for lengths in ([3, 3, 3], [4, 1, 2], [1]):
        batch = PackedBatch.of(Histories.of([list(range(n)) for n in lengths]))
        encoded = MODEL.encode(batch)
        torch.testing.assert_close(MODEL.encode_last(batch), encoded.states_TD[encoded.offsets[1:] - 1])


def test_bfloat16_moves_states_a_little() -> None:
    batch = PackedBatch.of(Histories.of([[1, 2, 3], [4]]))
    exact = EncoderScorer(MODEL, "float32").query(batch)
    fast = EncoderScorer(MODEL, "bfloat16").query(batch)
    assert fast.dtype == torch.float32
    torch.testing.assert_close(fast, exact, atol=0.1, rtol=0.1)


def test_a_state_in_bfloat16_does_not_depend_on_what_shares_its_batch() -> None:
    rng = np.random.default_rng(0)
    histories = Histories.of([rng.integers(0, 20, size=n).tolist() for n in (1, 2, 9, 10, 10, 10)])
    scorer = EncoderScorer(MODEL, "bfloat16")
    together = scorer.query(PackedBatch.of(histories))
    alone = torch.cat([scorer.query(PackedBatch.of(histories.take(np.array([row])))) for row in range(6)])
    torch.testing.assert_close(alone, together, atol=1e-6, rtol=1e-6)


def test_weights_that_were_cast_once_serve_the_same_states_and_leave_the_encoder_alone() -> None:
    model = CausalModel(CausalConfig(width=16, dropout=0.0), num_items=40).eval()
    batch = PackedBatch.of(Histories.of([[1, 2, 3], [4]]))
    scorer = EncoderScorer(model, "bfloat16")
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        expected = model.encode_last(batch).float()
    with torch.inference_mode():
        assert torch.equal(scorer.query(batch), expected)
    assert torch.equal(scorer.query(batch), expected)  # outside inference mode too
    assert all(weight.dtype == torch.float32 for weight in model.parameters())
