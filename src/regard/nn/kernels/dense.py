"""The dense kernel: pad, scaled dot-product attention, unpad. The only place where padding exists.

For batches of one length padding and unpadding are views. With right padding a causal mask needs no
padding mask, so that the fused causal path applies; other masks are handed over as booleans.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from regard.nn.plan import AttentionPlan

__all__ = ["attend", "supports"]


def supports(plan: AttentionPlan) -> bool:
    """Whether the mask keeps users apart, which padding one user a row relies on."""
    return plan.mask.within_user


def attend(q_TNH: Tensor, k_SNH: Tensor, v_SNH: Tensor, plan: AttentionPlan) -> Tensor:
    """Return ``[T, N, H]``: for each query the weighted sum of the values it may see."""
    assert supports(plan)
    if plan.query.longest == 0 or plan.source.longest == 0:
        return q_TNH * 0.0
    q_UNLH = plan.query.pad(q_TNH).transpose(1, 2)
    k_UNLH = plan.source.pad(k_SNH).transpose(1, 2)
    v_UNLH = plan.source.pad(v_SNH).transpose(1, 2)
    allowed = plan.allowed_ULL
    if allowed is None:
        y_UNLH = F.scaled_dot_product_attention(q_UNLH, k_UNLH, v_UNLH, is_causal=plan.mask.shape == "causal")
    else:
        # A query that may see nothing would divide by zero: let it see all, then forget what it saw.
        blind = ~allowed.any(dim=-1, keepdim=True)
        y_UNLH = F.scaled_dot_product_attention(q_UNLH, k_UNLH, v_UNLH, attn_mask=allowed | blind)
        y_UNLH = y_UNLH.masked_fill(blind, 0.0)
    return plan.query.unpad(y_UNLH.transpose(1, 2))
