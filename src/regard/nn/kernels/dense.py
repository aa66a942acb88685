"""The dense kernel: pad, scaled dot-product attention, unpad. The only place where histories are padded.

For batches of one length padding and unpadding are views. With right padding a causal mask needs no
padding mask. On CPUs short histories in bfloat16 take `attend_blocks` instead of the fused kernel of
torch, whose backward pass is two to five times as slow there; in float32 the two are alike, and the fused
one keeps no scores.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from regard.nn.kernels.softmax import attend_blocks, in_autocast_type
from regard.nn.plan import AttentionPlan

__all__ = ["attend", "supports"]

_SHORT = (
    512  # keys; up to here written-out attention in bfloat16 takes at most half the time of the fused one
)


def supports(plan: AttentionPlan) -> bool:
    """Whether the mask keeps users apart, which padding one user a row relies on."""
    return plan.mask.within_user


def attend(q_TNH: Tensor, k_SNH: Tensor, v_SNH: Tensor, plan: AttentionPlan) -> Tensor:
    """Return ``[T, N, H]``: for each query the weighted sum of the values it may see."""
    assert supports(plan)
    if plan.query.longest == 0 or plan.source.longest == 0:
        return q_TNH * 0.0
    q_ULNH, k_ULNH = plan.query.pad(in_autocast_type(q_TNH)), plan.source.pad(in_autocast_type(k_SNH))
    v_ULNH = k_ULNH if v_SNH is k_SNH else plan.source.pad(in_autocast_type(v_SNH))
    written = q_ULNH.device.type == "cpu" and q_ULNH.dtype == torch.bfloat16
    if written and plan.source.longest <= _SHORT:
        y_ULNH = _written(q_ULNH, k_ULNH, v_ULNH, plan)
    else:
        y_ULNH = _fused(q_ULNH, k_ULNH, v_ULNH, plan)
    if plan.blind_UL is not None:
        y_ULNH = y_ULNH.masked_fill(plan.blind_UL[:, :, None, None], 0.0)
    return plan.query.unpad(y_ULNH)


def _fused(q_ULNH: Tensor, k_ULNH: Tensor, v_ULNH: Tensor, plan: AttentionPlan) -> Tensor:
    q, k, v = (x.transpose(1, 2) for x in (q_ULNH, k_ULNH, v_ULNH))
    allowed = plan.written()
    causal = allowed is None and plan.causal
    return F.scaled_dot_product_attention(q, k, v, attn_mask=allowed, is_causal=causal).transpose(1, 2)


def _written(q_ULNH: Tensor, k_ULNH: Tensor, v_ULNH: Tensor, plan: AttentionPlan) -> Tensor:
    """Attend with a head's users as blocks: ``[N, U, L, H]``."""
    q, k, v = (x.permute(2, 0, 1, 3).contiguous() for x in (q_ULNH, k_ULNH, v_ULNH))
    return attend_blocks(q, k, v, _bias(plan, q.dtype)).permute(1, 2, 0, 3)


def _bias(plan: AttentionPlan, kind: torch.dtype) -> Tensor:
    """Return ``[1 or U, Lq, Lk]``, zero where a query may look and -inf elsewhere."""
    allowed, device = plan.written(), plan.query.offsets.device
    if allowed is not None:
        return torch.zeros((), dtype=kind, device=device).where(allowed[:, 0], float("-inf"))
    bias = torch.zeros(
        1, plan.query.longest if plan.causal else 1, plan.source.longest, dtype=kind, device=device
    )
    return bias.fill_(float("-inf")).triu_(1) if plan.causal else bias
