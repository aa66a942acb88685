"""Sampled softmax: the normaliser of the softmax is estimated from shared negatives.

    loss = -s_t + log( exp(s_t) + sum_{j != t} exp(s_j) / (K q_j) )

Each negative counts by the inverse of how often it was expected (the logQ correction: Bengio & Senecal,
2008; Yi et al., "Sampling-Bias-Corrected Neural Modeling", 2019), so that the sum is an unbiased estimate
of the full one. The target itself is present for certain and is not corrected; a negative that equals it
is left out. The cost of a step does not depend on the size of the catalogue.
"""

from __future__ import annotations

import torch
from torch import Tensor

from regard.losses.base import LossSum
from regard.losses.negatives import NegativeSampler
from regard.nn.heads import Catalogue

__all__ = ["SampledSoftmax"]


class SampledSoftmax:
    """Cross entropy against the target and K shared negatives.

    Parameters
    ----------
    sampler
        Where negatives come from.
    """

    def __init__(self, sampler: NegativeSampler) -> None:
        self.sampler = sampler

    def __call__(self, states_MD: Tensor, target_M: Tensor, catalogue: Catalogue) -> LossSum:
        """Return the loss of ``[M]`` targets for ``[M, D]`` states."""
        drawn = self.sampler.draw(states_MD.device)
        positive_M = catalogue.scores_of(states_MD, target_M).float()
        negative_MK = catalogue.scores_shared(states_MD, drawn.item_K).float() - drawn.log_expected_K
        negative_MK = negative_MK.masked_fill(target_M[:, None] == drawn.item_K, float("-inf"))
        log_norm_M = torch.logsumexp(torch.cat([positive_M[:, None], negative_MK], dim=1), dim=1)
        return LossSum(total=(log_norm_M - positive_M).sum(), count=len(target_M))
