"""Negatives: items drawn once a step and shared by all its positions.

Sharing turns the scores of negatives into one matrix product. Items are drawn with replacement from a
power of their popularity, mixed with the uniform distribution so that every item can be drawn; an item
that was drawn several times is kept once with its count, so that its scores are computed once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

__all__ = ["NegativeSampler", "Negatives"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Negatives:
    """The K different items among the drawn ones, and for each how much it stands for.

    Parameters
    ----------
    item_K
        ``[K]`` int64 item numbers, ascending, no two alike.
    log_weight_K
        ``[K]`` float32, log(how often it was drawn / how often that was expected).
    """

    item_K: Tensor
    log_weight_K: Tensor


class NegativeSampler:
    """Draws negatives from q(v) = (1 - uniform) count(v)^power / sum + uniform / V.

    Parameters
    ----------
    counts_V
        ``[V]`` how often each item occurs in training.
    size
        Draws a step; at most so many different items come of them.
    power
        0 forgets popularity, 1 follows it (Mikolov et al., 2013, take 3/4).
    uniform
        Weight of the uniform distribution, above zero.

    Examples
    --------
    >>> drawn = NegativeSampler(np.array([8, 1, 1]), size=500).draw()
    >>> drawn.item_K.tolist(), drawn.log_weight_K.shape
    ([0, 1, 2], torch.Size([3]))
    """

    def __init__(self, counts_V: np.ndarray, *, size: int, power: float = 0.75, uniform: float = 0.1) -> None:
        weight = counts_V.astype(np.float64) ** power
        q = (1 - uniform) * weight / weight.sum() + uniform / len(counts_V)
        self.size = size
        self._cumulative = torch.from_numpy(np.cumsum(q / q.sum()))
        self._log_expected = torch.from_numpy(np.log(size * q / q.sum()).astype(np.float32))

    def draw(self, device: str | torch.device = "cpu") -> Negatives:
        """Draw by torch's own random state."""
        # Sorted draws find equal items side by side and read the cumulative sums in order.
        uniform = torch.rand(self.size, dtype=torch.float64).sort().values
        drawn = torch.searchsorted(self._cumulative, uniform).clamp(max=len(self._log_expected) - 1)
        item, count = torch.unique_consecutive(drawn, return_counts=True)
        log_weight = count.float().log() - self._log_expected[item]
        return Negatives(item_K=item.to(device), log_weight_K=log_weight.to(device))
