"""Softmax attention of many short rows, written out together with its gradient.

    A = softmax(Q K' / sqrt(H) + bias),   Y = A V

The weights A are kept for the backward pass, in the type of the inputs. On CPUs that beats the fused
kernel for short rows: the fused one is slow backwards in bfloat16, since it forms every score twice and
in small tiles. Rows are taken in chunks whose scores stay in the cache. It knows no users and no masks.

Shape letters: N heads, B blocks, L queries of a block, S keys of a block, H head width.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["attend_blocks", "in_autocast_type"]

_CHUNK_SCORES = 1 << 20


def attend_blocks(q_NBLH: Tensor, k_NBSH: Tensor, v_NBSH: Tensor, bias: Tensor) -> Tensor:
    """Return ``[N, B, L, H]``: attention of each block's queries over its own keys.

    Parameters
    ----------
    q_NBLH, k_NBSH, v_NBSH
        Contiguous, of one type.
    bias
        ``[1, L, S]`` for all blocks, or ``[B, L, S]``; added to scores. Every query must see some key.
    """
    y: Tensor = _Blocks.apply(q_NBLH, k_NBSH, v_NBSH, bias.to(q_NBLH.dtype))  # type: ignore[no-untyped-call]
    return y


def in_autocast_type(x: Tensor) -> Tensor:
    """Return `x` in the type that autocast asks for, if it is on: own gradients bypass autocast."""
    kind = x.device.type
    return x.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else x


class _Blocks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        y, scale = torch.empty_like(q), q.shape[-1] ** -0.5
        kept = []
        with torch.autocast(q.device.type, enabled=False):
            for rows in _chunks(q, k):
                own = bias if len(bias) == 1 else _of_heads(bias, q, rows)
                keys = _flat(k)[rows].transpose(1, 2)
                weights = torch.softmax(torch.baddbmm(own, _flat(q)[rows], keys, alpha=scale), dim=-1)
                torch.bmm(weights, _flat(v)[rows], out=_flat(y)[rows])
                kept.append(weights if any(ctx.needs_input_grad) else None)
        ctx.save_for_backward(q, k, v, y, *kept)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        q, k, v, y, *kept = ctx.saved_tensors
        grad_y, scale = grads[0].contiguous(), q.shape[-1] ** -0.5
        # What a query's weights gain on average: the sum over keys that the softmax's gradient takes off.
        mean_NBL1 = (grad_y * y).sum(-1, keepdim=True).neg_()
        grad_q, grad_k, grad_v = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        with torch.autocast(q.device.type, enabled=False):
            for rows, weights in zip(_chunks(q, k), kept, strict=True):
                own = _flat(grad_y)[rows]
                torch.bmm(weights.transpose(1, 2), own, out=_flat(grad_v)[rows])
                values = _flat(v)[rows].transpose(1, 2)
                of_scores = torch.baddbmm(_flat(mean_NBL1)[rows], own, values).mul_(weights)
                torch.bmm(of_scores, _flat(k)[rows], out=_flat(grad_q)[rows])
                torch.bmm(of_scores.transpose(1, 2), _flat(q)[rows], out=_flat(grad_k)[rows])
        return grad_q.mul_(scale), grad_k.mul_(scale), grad_v, None


def _flat(x_NBLH: Tensor) -> Tensor:
    return x_NBLH.flatten(0, 1)


def _chunks(q: Tensor, k: Tensor) -> list[slice]:
    """Return ranges of the blocks of all heads, head by head, whose scores are few enough."""
    heads, blocks, length, _ = q.shape
    step = max(1, _CHUNK_SCORES // (length * k.shape[2]))
    return [slice(first, min(first + step, heads * blocks)) for first in range(0, heads * blocks, step)]


def _of_heads(bias_BLS: Tensor, q: Tensor, rows: slice) -> Tensor:
    """Return the rows of a bias that repeats from head to head."""
    first, stop = rows.start % q.shape[1], rows.start % q.shape[1] + rows.stop - rows.start
    if stop <= q.shape[1]:
        return bias_BLS[first:stop]
    return bias_BLS[torch.arange(first, stop, device=q.device) % q.shape[1]]
