"""Sampled softmax: the normaliser of the softmax is estimated from shared negatives.

    loss = -s_t + log( exp(s_t) + sum_{j != t} n_j exp(s_j) / (K q_j) )

Each negative counts by how often it was drawn over how often that was expected (the logQ correction: Bengio
& Senecal, 2008; Yi et al., "Sampling-Bias-Corrected Neural Modeling", 2019), so that the sum is an unbiased
estimate of the full one. The target itself is present for certain and is not corrected; a negative that
equals it is left out. The cost of a step does not depend on the size of the catalogue: only the rows of
targets and negatives are read. As in the full softmax, the gradient of a chunk of positions is computed
right after its logits, products run in the autocast type and sums in float32.

Shape letters: M positions, K negatives, D width; C positions of a chunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from regard.losses.base import LossSum
from regard.losses.negatives import NegativeSampler
from regard.nn.heads import Catalogue

__all__ = ["SampledSoftmax"]

_CHUNK_LOGITS = 1 << 20


class SampledSoftmax:
    """Cross entropy against the target and shared negatives.

    Parameters
    ----------
    sampler
        Where negatives come from.
    chunk_logits
        Most logits that exist at one time.

    Examples
    --------
    >>> import numpy as np
    >>> catalogue = Catalogue(weight_PD=torch.zeros(4, 2), bias_P=None, size=4)
    >>> loss = SampledSoftmax(NegativeSampler(np.ones(4), size=4_000))
    >>> bool((loss(torch.zeros(1, 2), torch.tensor([2]), catalogue).total - 1.386).abs() < 0.05)  # log 4
    True
    """

    def __init__(self, sampler: NegativeSampler, *, chunk_logits: int = _CHUNK_LOGITS) -> None:
        self.sampler = sampler
        self.chunk_logits = chunk_logits

    def __call__(
        self, states_MD: Tensor, target_M: Tensor, catalogue: Catalogue, weight_M: Tensor | None = None
    ) -> LossSum:
        """Return the loss of ``[M]`` targets for ``[M, D]`` states, weighted by ``[M]`` if not alike."""
        drawn = self.sampler.draw(states_MD.device)
        shift_K, own_M = drawn.log_weight_K, None
        if catalogue.bias_P is not None:
            shift_K, own_M = shift_K + catalogue.bias_P[drawn.item_K], catalogue.bias_P[target_M]
        total: Tensor = _SampledCrossEntropy.apply(  # type: ignore[no-untyped-call]
            states_MD,
            catalogue.rows(target_M),
            own_M,
            catalogue.rows(drawn.item_K),
            shift_K,
            _Asked(
                hit_M=_hits(target_M, drawn.item_K),
                weight_M=weight_M,
                rows=max(1, self.chunk_logits // len(drawn.item_K)),
            ),
        )
        return LossSum(total=total, count=len(target_M) if weight_M is None else float(weight_M.sum()))


def _hits(target_M: Tensor, item_K: Tensor) -> Tensor:
    """Return ``[M]`` the place of each target among the ascending negatives, K where it is not there."""
    place = torch.searchsorted(item_K, target_M)
    found = item_K[place.clamp(max=len(item_K) - 1)] == target_M
    return torch.where(found, place, len(item_K))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What has no gradient: where each target lies among the negatives, weights, positions of a chunk."""

    hit_M: Tensor
    weight_M: Tensor | None
    rows: int


@dataclass(slots=True, kw_only=True)
class _Grads:
    """Gradients of the sum, filled chunk by chunk."""

    states_MD: Tensor
    positive_MD: Tensor
    own_M: Tensor
    negative_KD: Tensor
    shift_K: Tensor


class _SampledCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        states_MD: Tensor,
        positive_MD: Tensor,
        own_M: Tensor | None,
        negative_KD: Tensor,
        shift_K: Tensor,
        asked: _Asked,
    ) -> Tensor:
        kind = states_MD.device.type
        exact = torch.promote_types(negative_KD.dtype, torch.float32)
        fast = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else negative_KD.dtype
        states_fast, negative_fast = states_MD.to(fast), negative_KD.to(fast)
        score_M = (states_MD.to(exact) * positive_MD).sum(1)  # targets decide: exact, and cheap
        score_M = score_M if own_M is None else score_M + own_M
        K = len(shift_K)
        learns = any(ctx.needs_input_grad[:5])
        grads = _Grads(
            states_MD=torch.empty_like(states_MD),
            positive_MD=torch.empty_like(positive_MD),
            own_M=score_M.new_empty(len(score_M)),
            negative_KD=torch.zeros_like(negative_KD, dtype=exact),
            shift_K=shift_K.new_zeros(K, dtype=exact),
        )
        total = torch.zeros((), dtype=exact, device=states_MD.device)
        weight_M = asked.weight_M
        for start in range(0, len(score_M), asked.rows):
            chunk = slice(start, start + asked.rows)
            # One column more than negatives: first the place where "no hit" writes, then the target's score.
            logits_CK = score_M.new_empty(len(score_M[chunk]), K + 1)
            torch.add(states_fast[chunk] @ negative_fast.T, shift_K, out=logits_CK[:, :K])
            logits_CK.scatter_(1, asked.hit_M[chunk, None], float("-inf"))
            logits_CK[:, K] = score_M[chunk]
            p_CK = torch.softmax(logits_CK, dim=1)
            # The largest score and its probability give the normaliser: no second pass of exponentials.
            surprise = logits_CK.amax(1) - p_CK.amax(1).log() - score_M[chunk]
            total += (surprise if weight_M is None else surprise * weight_M[chunk]).sum()
            if learns:
                p_CK[:, K] -= 1
                error_CK = p_CK if weight_M is None else p_CK.mul_(weight_M[chunk, None])
                _add_chunk(grads, chunk, error_CK, states_fast[chunk], negative_fast)
        if learns:
            # The target's part, without the negatives' products: error times the other factor.
            grads.positive_MD.copy_(grads.own_M[:, None] * states_MD)
            grads.states_MD.addcmul_(
                grads.own_M[:, None].to(states_MD.dtype), positive_MD.to(states_MD.dtype)
            )
            ctx.has_own = own_M is not None
            ctx.save_for_backward(
                grads.states_MD, grads.positive_MD, grads.own_M, grads.negative_KD, grads.shift_K
            )
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (scale,) = grads
        states, positive, own, negative, shift = (kept * scale.to(kept.dtype) for kept in ctx.saved_tensors)
        return states, positive, own if ctx.has_own else None, negative, shift, None


def _add_chunk(grads: _Grads, chunk: slice, error_CK: Tensor, states_CD: Tensor, negative_KD: Tensor) -> None:
    """Add what the gradient of a chunk's logits (negatives, then the target) says to the gradients."""
    K = len(negative_KD)
    fast_CK = error_CK[:, :K].to(states_CD.dtype)
    grads.own_M[chunk] = error_CK[:, K]
    grads.states_MD[chunk] = (fast_CK @ negative_KD).to(grads.states_MD.dtype)
    grads.negative_KD += fast_CK.T @ states_CD
    grads.shift_K += error_CK[:, :K].sum(0)
