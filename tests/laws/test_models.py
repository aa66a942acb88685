"""Laws that every model keeps; a new model joins by its name in the registry."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.protocols import Encoder, Observable
from regard.models.registry import MODELS, build
from regard.models.scoring import EncoderScorer

ITEMS = 30


# Options that change what an event reads of others.
OPTIONS = [(name, {}) for name in MODELS] + [("causal", {"filter_share": 0.3})]


@pytest.fixture(params=OPTIONS, ids=lambda option: "-".join([option[0], *option[1]]))
def encoder(request: pytest.FixtureRequest) -> Encoder:
    torch.manual_seed(0)
    name, options = request.param
    model = build(name, {"width": 16, "max_length": 12, **options}, num_items=ITEMS)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def histories(lengths: list[int], seed: int = 0) -> Histories:
    rng = np.random.default_rng(seed)
    return Histories.of([rng.integers(0, ITEMS, length).tolist() for length in lengths])


def scores(encoder: Encoder, some: Histories) -> Tensor:
    scorer = EncoderScorer(encoder)
    with torch.inference_mode():
        return scorer.score(scorer.query(PackedBatch.of(some)), 0, ITEMS)


def test_packed_equals_one_user_at_a_time(encoder: Encoder) -> None:
    some = histories([5, 0, 1, 12, 3])
    together = scores(encoder, some)
    for row in range(len(some)):
        torch.testing.assert_close(together[row : row + 1], scores(encoder, some.take(slice(row, row + 1))))


def test_a_score_does_not_depend_on_the_items_asked_for_beside_it(encoder: Encoder) -> None:
    scorer = EncoderScorer(encoder)
    query = scorer.query(PackedBatch.of(histories([5, 2])))
    torch.testing.assert_close(scorer.score(query, 7, 9), scorer.score(query, 0, ITEMS)[:, 7:9])


def test_no_state_depends_on_a_later_event(encoder: Encoder) -> None:
    whole = histories([10])
    states = encoder.encode(PackedBatch.of(whole)).states_TD
    for length in (1, 4, 9):
        cut = whole.without_latest(10 - length)
        torch.testing.assert_close(encoder.encode(PackedBatch.of(cut)).states_TD, states[:length])


def test_no_gradient_comes_from_a_later_event(encoder: Encoder) -> None:
    batch = PackedBatch.of(Histories.of([[0, 1, 2, 3, 4]]))
    assert isinstance(encoder, torch.nn.Module)
    encoder.zero_grad()
    encoder.encode(batch).states_TD[1].sum().backward()
    gradient = encoder.catalogue().weight_PD.grad
    assert gradient is not None
    assert gradient[:2].abs().sum() > 0
    assert (gradient[2:] == 0).all(), "items 2 to 4 come after the state that was asked for"


def test_empty_and_one_event_histories_give_finite_output(encoder: Encoder) -> None:
    for lengths in ([0], [1], [0, 0], [0, 1, 0]):
        assert scores(encoder, histories(lengths)).isfinite().all()


def test_what_is_observed_is_what_serves(encoder: Encoder) -> None:
    if not isinstance(encoder, Observable):
        pytest.skip("this model does not show its attention")
    batch = PackedBatch.of(histories([5, 1, 7]))
    seen = encoder.observed(batch)
    torch.testing.assert_close(seen.states_TD, encoder.encode(batch).states_TD)
    torch.testing.assert_close(seen.weights_LNTT.sum(-1), torch.ones(seen.weights_LNTT.shape[:-1]))
