"""The loss of several actions at once: binary cross entropy for each, and what a position does to it.

A label that is not known (NaN) asks nothing. An item that was shown on top is clicked more for being there:
in training a term for the position is added to each logit, so that the ranker need not explain it, and it is
left out when the ranker serves (the additive position bias of Zhao et al., "Recommending What Video to Watch
Next", RecSys 2019). It is centred on the positions of training, so that probabilities stay those of the log
on average.

Shape letters: K candidates, A actions, P positions.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from regard.losses.base import LossSum

__all__ = ["PositionBias", "multitask_loss"]


class PositionBias(nn.Module):
    """A term for each position and action, zero on average over the positions of training.

    Parameters
    ----------
    position_K
        ``[K]`` positions of training; those beyond the last share one with it, as does a negative one with 0.
    actions
        A.
    most
        Positions from here on share one term.

    Examples
    --------
    >>> bias = PositionBias(np.array([0, 1, 1]), actions=1)
    >>> bias(torch.tensor([0, 1, 7])).shape
    torch.Size([3, 1])
    """

    share_P: Tensor

    def __init__(self, position_K: np.ndarray, *, actions: int, most: int = 100) -> None:
        super().__init__()
        size = min(int(position_K.max(initial=0)) + 1, most)
        count = np.bincount(np.clip(position_K, 0, size - 1), minlength=size)
        share = torch.from_numpy(count / max(count.sum(), 1)).float()
        self.register_buffer("share_P", share, persistent=False)
        self.weight = nn.Parameter(torch.zeros(size, actions))

    def forward(self, position_K: Tensor) -> Tensor:
        """Return ``[K, A]``."""
        mean_A = self.share_P @ self.weight
        return F.embedding(position_K.long().clamp(0, len(self.weight) - 1), self.weight) - mean_A


def multitask_loss(logit_KA: Tensor, label_KA: Tensor, weight_A: Tensor | None = None) -> LossSum:
    """Return the weighted sum of the losses of all labels that are known, and of their weights.

    Parameters
    ----------
    logit_KA
        ``[K, A]``.
    label_KA
        ``[K, A]`` 0 to 1, NaN where not known.
    weight_A
        ``[A]`` what each action counts; None: 1.

    Examples
    --------
    >>> loss = multitask_loss(torch.zeros(2, 1), torch.tensor([[1.0], [torch.nan]]))
    >>> round(float(loss.mean()), 4), loss.count
    (0.6931, 1.0)
    """
    known_KA = ~label_KA.isnan()
    each_KA = F.binary_cross_entropy_with_logits(logit_KA, label_KA.nan_to_num(), reduction="none")
    counts_KA = known_KA.to(each_KA.dtype) if weight_A is None else known_KA * weight_A
    return LossSum(total=(each_KA * counts_KA).sum(), count=float(counts_KA.sum()))
