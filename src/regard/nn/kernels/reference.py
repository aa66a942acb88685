"""The reference kernel: the formula written down, for any mask. Slow, and the truth for the others.

    a_i = exp(score(k_i, q)) / sum_j exp(score(k_j, q)),   score(k, q) = k . q / sqrt(H)

It forms all T x S scores, so it is meant for tests and for explanations of single histories.
"""

from __future__ import annotations

import torch
from torch import Tensor

from regard.nn.plan import AttentionPlan

__all__ = ["attend", "weights"]


def weights(q_TNH: Tensor, k_SNH: Tensor, plan: AttentionPlan) -> Tensor:
    """Return ``[N, T, S]`` attention weights; a query that may see nothing has weights of zero."""
    scores_NTS = torch.einsum("tnh,snh->nts", q_TNH, k_SNH) / q_TNH.shape[-1] ** 0.5
    allowed_TS = plan.allowed()
    masked = scores_NTS.masked_fill(~allowed_TS, float("-inf"))
    blind_T = ~allowed_TS.any(dim=-1)
    return torch.softmax(masked.masked_fill(blind_T[:, None], 0.0), dim=-1).masked_fill(~allowed_TS, 0.0)


def attend(q_TNH: Tensor, k_SNH: Tensor, v_SNH: Tensor, plan: AttentionPlan) -> Tensor:
    """Return ``[T, N, H]``: for each query the weighted sum of the values it may see."""
    return torch.einsum("nts,snh->tnh", weights(q_TNH, k_SNH, plan), v_SNH)
