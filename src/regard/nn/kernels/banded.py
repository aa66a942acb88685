"""The banded kernel: causal attention over a window of the latest events, at a cost that follows the events.

The packed sequence is cut into blocks as it lies (`Band`); nothing is gathered, and nothing is padded but
its end. Time and memory grow with T times the window, whatever the lengths of histories.

Shape letters: T events, N heads, H head width, B blocks, L events of a block, S keys of a block.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from regard.nn.band import Band
from regard.nn.kernels.softmax import attend_blocks, in_autocast_type
from regard.nn.plan import AttentionPlan

__all__ = ["attend", "supports"]


def supports(plan: AttentionPlan) -> bool:
    """Whether events look at their own user's latest events, themselves included."""
    mask = plan.mask
    own = mask.within_user and plan.query is plan.source
    return own and mask.shape == "banded" and mask.span is not None and mask.span >= 1


def attend(q_TNH: Tensor, k_TNH: Tensor, v_TNH: Tensor, plan: AttentionPlan) -> Tensor:
    """Return ``[T, N, H]``: for each query the weighted sum of the values it may see."""
    assert supports(plan)
    if len(q_TNH) == 0:
        return q_TNH * 0.0
    band = plan.banded()
    q_NTH, k_NTH, v_NTH = (in_autocast_type(x).transpose(0, 1) for x in (q_TNH, k_TNH, v_TNH))
    q_NTH = F.pad(q_NTH, (0, 0, 0, -band.total % band.block))
    q_NBLH = q_NTH.contiguous().view(len(q_NTH), -1, band.block, q_NTH.shape[2])
    y_NBLH = attend_blocks(q_NBLH, _looked_at(k_NTH, band), _looked_at(v_NTH, band), band.bias_BLS)
    return y_NBLH.flatten(1, 2)[:, : band.total].transpose(0, 1)


def _looked_at(x_NTH: Tensor, band: Band) -> Tensor:
    y: Tensor = _Spread.apply(x_NTH, band)  # type: ignore[no-untyped-call]
    return y


class _Spread(torch.autograd.Function):
    """Lay ``[N, T, H]`` out as ``[N, B, S, H]``: for each block its own and the earlier ones it looks at."""

    @staticmethod
    def forward(ctx: Any, x_NTH: Tensor, band: Band) -> Tensor:
        ctx.band = band
        block, back = band.block, band.back
        x = F.pad(x_NTH, (0, 0, back * block, -band.total % block)).contiguous()
        heads, rows, size = x.shape
        shape = (heads, rows // block - back, (back + 1) * block, size)
        return x.as_strided(shape, (rows * size, block * size, size, 1)).contiguous()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        block, back = ctx.band.block, ctx.band.back
        grad_NBSH = grads[0]
        heads, blocks, _, size = grad_NBSH.shape
        total = grad_NBSH.new_zeros(heads, blocks + back, block, size)
        for shift in range(back + 1):
            total[:, shift : shift + blocks] += grad_NBSH[:, :, shift * block : (shift + 1) * block]
        first = back * block
        return total.flatten(1, 2)[:, first : first + ctx.band.total], None
