"""Dropout: what it drops, what it keeps, and that the expectation is exact."""

from __future__ import annotations

import pytest
import torch

from regard.nn.dropout import dropout


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_share_is_dropped_and_the_expectation_kept(share: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = torch.ones(400, 501, dtype=dtype)
    y = dropout(x, share, training=True)
    dropped = (y == 0).double().mean()
    assert y.dtype == dtype
    assert abs(float(dropped) - share) < 0.005
    assert float(y.double().mean()) == pytest.approx(1.0, abs=0.02)
    assert len(y.unique()) == 2, "what is kept is scaled by one number"


def test_the_gradient_passes_where_the_value_passed() -> None:
    torch.manual_seed(0)
    x = torch.ones(1_000, requires_grad=True)
    y = dropout(x, 0.3, training=True)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


def test_outside_training_and_at_zero_nothing_happens() -> None:
    x = torch.randn(7)
    assert dropout(x, 0.5, training=False) is x
    assert dropout(x, 0.0, training=True) is x


def test_the_same_seed_drops_the_same_values_and_another_others() -> None:
    x = torch.ones(3, 1_000)
    kept = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        kept.append(dropout(x, 0.5, training=True))
    assert torch.equal(kept[0], kept[1])
    assert not torch.equal(kept[0], kept[2])


def test_values_are_dropped_independently_of_their_neighbours() -> None:
    torch.manual_seed(3)
    kept = (dropout(torch.ones(64_000), 0.5, training=True) > 0).double()
    for apart in (1, 2, 3, 8, 16):
        together = torch.corrcoef(torch.stack([kept[:-apart], kept[apart:]]))[0, 1]
        assert abs(float(together)) < 0.02


@pytest.mark.parametrize("shape", [(0,), (1,), (3, 0), (5, 3)])
def test_any_shape_is_taken_and_shares_close_to_the_ends_stay_finite(shape: tuple[int, ...]) -> None:
    for share in (1e-6, 0.999):
        y = dropout(torch.ones(shape), share, training=True)
        assert y.shape == shape
        assert bool(torch.isfinite(y).all())
