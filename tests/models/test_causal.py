"""The causal model reads from left to right; what every model must keep is in tests/laws."""

from __future__ import annotations

import pytest
import torch

from regard.data.packing import Histories, PackedBatch
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
