"""Written-out attention of blocks is torch's, and so is its gradient."""

from __future__ import annotations

import pytest
import torch

from regard.nn.kernels.softmax import attend_blocks


@pytest.mark.parametrize("shared", [True, False])
def test_its_gradient_is_the_derivative_of_its_output(shared: bool) -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, size, 4, dtype=torch.float64, requires_grad=True) for size in (2, 5, 5))
    bias = torch.randn(1 if shared else 3, 2, 5, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda q, k, v: attend_blocks(q, k, v, bias), (q, k, v))


def test_many_chunks_give_what_torch_gives() -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 40, 200, 8) for _ in range(3))
    bias = torch.full((1, 200, 200), float("-inf")).triu(1)
    theirs = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    torch.testing.assert_close(attend_blocks(q, k, v, bias), theirs, rtol=1e-4, atol=1e-5)


def test_autocast_does_not_change_the_type_of_its_products() -> None:
    x = torch.randn(1, 1, 3, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = attend_blocks(x, x, x, torch.zeros(1, 3, 3))
    torch.testing.assert_close(y, attend_blocks(x, x, x, torch.zeros(1, 3, 3)), rtol=0, atol=0)
