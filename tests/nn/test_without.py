"""The short way to each shortened history ends where the long one does, and says so where it does not go."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.causal import CausalConfig, CausalModel
from regard.models.context import ContextConfig

V = 40


def made(**settings: object) -> CausalModel:
    torch.manual_seed(0)
    model = CausalModel(CausalConfig(width=16, max_length=40, **settings), num_items=V).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(std=0.5)  # so that attention is far from even
    return model


def history(events: int) -> Histories:
    draw = np.random.default_rng(events)
    times = np.sort(draw.integers(0, 10**12, events))
    return Histories.of([draw.integers(0, V, events).tolist()], [times.tolist()])


@torch.inference_mode()
def the_long_way(model: CausalModel, whole: Histories) -> torch.Tensor:
    events = whole.num_events
    kept = [np.delete(np.arange(events), hole) for hole in range(events)]
    shortened = Histories.of(
        [whole.items_of(0)[some].tolist() for some in kept],
        [whole.times_of(0)[some].tolist() for some in kept],
    )
    return model.encode_last(PackedBatch.of(shortened))


@pytest.mark.parametrize("events", [2, 3, 4, 30])
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("similarity", ["dot", "cosine"])
@pytest.mark.parametrize("filter_share", [0.0, 0.3])
def test_it_ends_where_the_long_way_does(
    events: int, gaps: bool, similarity: str, filter_share: float
) -> None:
    model, whole = made(gaps=gaps, similarity=similarity, filter_share=filter_share), history(events)
    with torch.inference_mode():
        found = model.encode_without_each(PackedBatch.of(whole))
    assert found is not None
    torch.testing.assert_close(found, the_long_way(model, whole), rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_what_it_cannot_do_is_left_to_the_long_way() -> None:
    batch = PackedBatch.of(history(5))
    for cannot in (
        made(blocks=1),
        made(blocks=3),
        made(request_time=True),
        made(attention_window=3),
        made(context=ContextConfig(calendar=True)),
    ):
        assert cannot.encode_without_each(batch) is None
    assert made().encode_without_each(PackedBatch.of(history(1))) is None
    assert made(attention_window=5).encode_without_each(batch) is not None


@torch.inference_mode()
def test_weights_that_vanish_are_noticed() -> None:
    model = made()
    model.stack.blocks[0].attention.project_in.weight.mul_(100)
    assert model.encode_without_each(PackedBatch.of(history(30))) is None
