"""The causal model reads from left to right; what every model must keep is in tests/laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from regard.data.histories import Histories
from regard.data.packing import NO_TIME, PackedBatch
from regard.errors import ConfigError
from regard.models.causal import CausalConfig, CausalModel


def model(**settings: object) -> CausalModel:
    torch.manual_seed(0)
    return CausalModel(CausalConfig(width=8, **settings), num_items=20).eval()


def test_the_output_is_tied_to_the_input_table() -> None:
    causal = model()
    assert causal.catalogue().weight_PD is causal.items.weight
    assert causal.item_table().shape == (20, 8)


def test_order_matters() -> None:
    causal = model()
    there, back = (
        causal.encode(PackedBatch.of(Histories.of([items]))).states_TD[-1] for items in ([1, 2, 3], [2, 1, 3])
    )
    assert not torch.allclose(there, back)


def test_a_history_longer_than_it_reads_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="cut histories to max_length"):
        model(max_length=2).encode(PackedBatch.of(Histories.of([[1, 2, 3]])))


@pytest.mark.parametrize("settings", [{"width": 0}, {"dropout": 1.0}, {"blocks": 0}, {"layers": 2}])
def test_a_shape_that_cannot_be_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="CausalConfig"):
        CausalConfig(**settings)


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ConfigError, match="width 8 cannot be divided into 3 heads"):
        model(heads=3)


HOUR = 3_600_000_000


def timed(request: int | None, *, second: int = HOUR) -> PackedBatch:
    histories = Histories.of([[3, 1]], [[0, second]])
    asked = None if request is None else np.array([request])
    return PackedBatch.of(replace(histories, asked=asked))


def last_state(causal: CausalModel, batch: PackedBatch) -> Tensor:
    with torch.no_grad():
        return causal.encode(batch).states_TD[-1]


def test_a_model_without_times_does_not_read_them() -> None:
    causal = model()
    assert torch.equal(last_state(causal, timed(5 * HOUR)), last_state(causal, timed(None, second=90 * HOUR)))


def test_a_model_of_gaps_reads_the_gap_but_not_the_time_of_the_request() -> None:
    causal = model(gaps=True)
    assert not torch.equal(last_state(causal, timed(None)), last_state(causal, timed(None, second=90 * HOUR)))
    assert torch.equal(last_state(causal, timed(2 * HOUR)), last_state(causal, timed(500 * HOUR)))


def test_a_model_of_request_times_reads_when_it_is_asked() -> None:
    causal = model(request_time=True)
    now, later, unknown = timed(2 * HOUR), timed(500 * HOUR), timed(None)
    assert not torch.equal(last_state(causal, now), last_state(causal, later))
    assert torch.equal(last_state(causal, unknown), last_state(causal, timed(NO_TIME)))


def test_what_was_asked_after_an_event_is_asked_when_the_next_one_came() -> None:
    causal = model(request_time=True)
    whole = PackedBatch.of(Histories.of([[3, 1, 2]], [[0, HOUR, 90 * HOUR]]))
    with torch.no_grad():
        inside = causal.encode(whole).states_TD[1]
    assert torch.allclose(inside, last_state(causal, timed(90 * HOUR)), atol=1e-6)


def test_by_cosine_states_have_one_length_and_items_length_one() -> None:
    causal = model(similarity="cosine", sharpness=10.0)
    with torch.no_grad():
        states = causal.encode(timed(None)).states_TD
    assert torch.allclose(states.norm(dim=1), torch.full((2,), 10.0))
    assert torch.allclose(causal.item_table().norm(dim=1), torch.ones(20))
