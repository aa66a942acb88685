"""Dropout whose random numbers do not cost more than the layer that they follow.

On a processor, PyTorch draws one 32-bit number a value, one after the other: at the width of a
recommender this took a third of a training step. Here one draw of 64 bits decides about eight values,
so that the share is a multiple of 1/256; the scale is that of the share in use, and the expectation
exact. Other devices use PyTorch's own (Srivastava et al., "Dropout", 2014).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["dropout"]

_LEVELS = 256
_LOWEST = -(2**63)


def dropout(x: Tensor, share: float, *, training: bool) -> Tensor:
    """Set values to zero at random in training and scale the others up.

    Parameters
    ----------
    x
        Any shape.
    share
        Share of values to drop, 0 to below 1; on a processor rounded to the nearest 1/256 above zero.
    training
        Outside training nothing is dropped.

    Examples
    --------
    >>> dropout(torch.ones(3), 0.5, training=False)
    tensor([1., 1., 1.])
    """
    if not training or share == 0.0:
        return x
    if x.device.type != "cpu" or not x.is_floating_point():
        return F.dropout(x, share)
    y: Tensor = _Dropout.apply(x, min(max(round(share * _LEVELS), 1), _LEVELS - 1))  # type: ignore[no-untyped-call]
    return y


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dropped: int) -> Tensor:
        draws = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(_LOWEST, None)
        level = draws.view(torch.uint8)[: x.numel()].view(x.shape)
        keep = torch.empty(x.shape, dtype=x.dtype)
        torch.ge(level, dropped, out=keep)
        keep.mul_(_LEVELS / (_LEVELS - dropped))
        ctx.save_for_backward(keep)
        return x * keep

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (keep,) = ctx.saved_tensors
        return grads[0] * keep, None
