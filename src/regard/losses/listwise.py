"""The loss of lists: which of the candidates of a request was taken, by a softmax over a sample of them.

Candidates stand for more than themselves where only some were drawn. One that was drawn with probability p
counts 1 / p times in the sum of the softmax (Horvitz and Thompson 1952; what logQ is to the sampled softmax
of Bengio and Senécal 2008), so that logits learn the order among all items, not among those that were drawn.

Shape letters: I requests, K candidates of all of them, A actions.
"""

from __future__ import annotations

import torch
from torch import Tensor

from regard.losses.base import LossSum

__all__ = ["listwise_loss"]


def listwise_loss(
    logit_KA: Tensor, label_KA: Tensor, offsets: Tensor, drawn_K: Tensor | None = None
) -> LossSum:
    """Return the sum over what was taken of -log of its share in its request, and the number of terms.

    Parameters
    ----------
    logit_KA
        ``[K, A]``.
    label_KA
        ``[K, A]`` 1 for what was taken, else 0. A request of which nothing was taken asks nothing.
    offsets
        ``[I + 1]``: request i has the candidates ``offsets[i]`` to ``offsets[i + 1]``.
    drawn_K
        ``[K]`` probability with which each candidate came into the list, 1 for what was taken; None: all 1.

    Examples
    --------
    >>> labels = torch.tensor([[1.0], [0.0], [0.0]])
    >>> loss = listwise_loss(torch.zeros(3, 1), labels, torch.tensor([0, 3]), torch.tensor([1.0, 0.5, 0.5]))
    >>> round(float(loss.mean().exp()), 4)  # one of five: itself and two that stand for two each
    5.0
    """
    requests = len(offsets) - 1
    row_K = torch.repeat_interleave(torch.arange(requests, device=offsets.device), offsets.diff())
    if drawn_K is not None:
        logit_KA = logit_KA - drawn_K.log()[:, None]
    row_KA = row_K[:, None].expand_as(logit_KA)
    top_IA = logit_KA.new_full((requests, logit_KA.shape[1]), -torch.inf)
    top_IA = top_IA.scatter_reduce(0, row_KA, logit_KA.detach(), "amax")
    above_KA = logit_KA - top_IA[row_K]
    sum_IA = torch.zeros_like(top_IA).index_add(0, row_K, above_KA.exp())
    each_KA = label_KA * (sum_IA.log()[row_K] - above_KA)
    return LossSum(total=each_KA.sum(), count=float(label_KA.sum()))
