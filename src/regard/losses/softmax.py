"""Full softmax cross entropy over the catalogue, in chunks: all logits of a batch never exist at once.

The gradient of a chunk is computed right after its logits, in the forward pass, and only the gradients
of the states and of the table are kept: memory is that of one chunk, whatever the batch. Cut
cross-entropy does the same on a GPU (Wijmans et al., "Cut Your Losses in Large-Vocabulary Language
Models", 2025). Products run in the autocast type. The softmax of a chunk reads and writes that type too
and sums in float32 (float64 for float64 inputs): one pass over bfloat16 instead of four over float32.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from regard.losses.base import LossSum
from regard.nn.heads import Catalogue

__all__ = ["FullSoftmax"]

_CHUNK_LOGITS = 1 << 22
_LEAST_ROWS = 64  # fewer states than that read the table more often than they multiply it


class FullSoftmax:
    """Cross entropy against every item of the catalogue.

    Parameters
    ----------
    chunk_logits
        Most logits that exist at one time; None: 4 million, or those of 64 states if that is more.

    Examples
    --------
    >>> catalogue = Catalogue(weight_PD=torch.zeros(4, 2), bias_P=None, size=4)
    >>> loss = FullSoftmax()(torch.zeros(3, 2), torch.tensor([0, 1, 2]), catalogue)
    >>> round(float(loss.mean()), 4)  # log 4
    1.3863
    """

    def __init__(self, *, chunk_logits: int | None = None) -> None:
        self.chunk_logits = chunk_logits

    def __call__(
        self, states_MD: Tensor, target_M: Tensor, catalogue: Catalogue, weight_M: Tensor | None = None
    ) -> LossSum:
        """Return the loss of ``[M]`` targets for ``[M, D]`` states, weighted by ``[M]`` if not alike."""
        weight_PD = catalogue.vectors()
        size = len(weight_PD)
        rows = max(1, (self.chunk_logits or max(_CHUNK_LOGITS, _LEAST_ROWS * size)) // size)
        total: Tensor = _ChunkedCrossEntropy.apply(  # type: ignore[no-untyped-call]
            states_MD, weight_PD, catalogue.bias_P, target_M, weight_M, catalogue.size, rows
        )
        return LossSum(total=total, count=len(target_M) if weight_M is None else float(weight_M.sum()))


class _ChunkedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        states_MD: Tensor,
        weight_PD: Tensor,
        bias_P: Tensor | None,
        target_M: Tensor,
        weight_M: Tensor | None,
        size: int,
        rows: int,
    ) -> Tensor:
        kind = states_MD.device.type
        fast = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else weight_PD.dtype
        exact = torch.promote_types(weight_PD.dtype, torch.float32)
        learns = any(ctx.needs_input_grad[:3])
        table, states = weight_PD.to(fast), states_MD.to(fast)
        grad_states = torch.empty_like(states_MD) if learns else None
        grad_table = torch.zeros_like(weight_PD, dtype=exact) if learns else None
        grad_bias = torch.zeros_like(bias_P, dtype=exact) if learns and bias_P is not None else None
        total = torch.zeros((), dtype=exact, device=states_MD.device)
        room = states.new_empty(2, min(rows, len(target_M)), len(table))  # one for all chunks
        for start in range(0, len(target_M), rows):
            chunk = slice(start, start + rows)
            target = target_M[chunk, None]
            logits, p = room[0, : len(target)], room[1, : len(target)]
            torch.mm(states[chunk], table.T, out=logits)
            if bias_P is not None:
                logits += bias_P
            logits[:, size:] = float("-inf")
            torch.softmax(logits, dim=1, out=p)
            surprise = _surprise(logits, p, target)
            weight = None if weight_M is None else weight_M[chunk, None]
            total += surprise.sum() if weight is None else (surprise * weight[:, 0]).sum()
            if grad_states is None or grad_table is None:
                continue
            error = p.scatter_add_(1, target, p.new_full(target.shape, -1.0))  # the gradient of the logits
            if grad_bias is not None:
                grad_bias += (error if weight is None else error * weight).sum(0, dtype=exact)
            # Weights go to the narrow sides of the products: nothing of the catalogue's width is read again.
            grad_states[chunk] = error @ table if weight is None else (error @ table) * weight
            read = states[chunk] if weight is None else (states[chunk] * weight).to(fast)
            grad_table += error.T @ read
        if learns:
            ctx.has_bias = bias_P is not None
            ctx.save_for_backward(*(g for g in (grad_states, grad_table, grad_bias) if g is not None))
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (scale,) = grads
        kept = ctx.saved_tensors
        bias = kept[2] * scale if ctx.has_bias else None
        return kept[0] * scale.to(kept[0].dtype), kept[1] * scale, bias, None, None, None, None


def _surprise(logits_CP: Tensor, p_CP: Tensor, target_C1: Tensor) -> Tensor:
    """Return ``[C]`` the negative log-likelihood of the targets, also where their share underflows."""
    exact = torch.promote_types(p_CP.dtype, torch.float32)
    share = p_CP.gather(1, target_C1).to(exact)
    if bool((share > torch.finfo(exact).tiny).all()):
        return -share.log().squeeze(1)
    scores = logits_CP.to(exact)
    return torch.logsumexp(scores, dim=1) - scores.gather(1, target_C1).squeeze(1)
