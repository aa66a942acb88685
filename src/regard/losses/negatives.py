"""Negatives: items drawn once a step and shared by all its positions.

Sharing turns the scores of negatives into one matrix product. Items are drawn with replacement from a
power of their popularity, mixed with the uniform distribution so that every item can be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

__all__ = ["NegativeSampler", "Negatives"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Negatives:
    """K drawn items and the logarithm of how often each was expected among them.

    Parameters
    ----------
    item_K
        ``[K]`` int64 item numbers, repetitions possible.
    log_expected_K
        ``[K]`` float32, log(K q(item)).
    """

    item_K: Tensor
    log_expected_K: Tensor


class NegativeSampler:
    """Draws negatives from q(v) = (1 - uniform) count(v)^power / sum + uniform / V.

    Parameters
    ----------
    counts_V
        ``[V]`` how often each item occurs in training.
    size
        K, negatives a step.
    power
        0 forgets popularity, 1 follows it (Mikolov et al., 2013, take 3/4).
    uniform
        Weight of the uniform distribution, above zero.

    Examples
    --------
    >>> sampler = NegativeSampler(np.array([8, 1, 1]), size=5)
    >>> drawn = sampler.draw()
    >>> drawn.item_K.shape, drawn.log_expected_K.shape
    (torch.Size([5]), torch.Size([5]))
    """

    def __init__(self, counts_V: np.ndarray, *, size: int, power: float = 0.75, uniform: float = 0.1) -> None:
        weight = counts_V.astype(np.float64) ** power
        q = (1 - uniform) * weight / weight.sum() + uniform / len(counts_V)
        self.size = size
        self._cumulative = torch.from_numpy(np.cumsum(q / q.sum()))
        self._log_expected = torch.from_numpy(np.log(size * q / q.sum()).astype(np.float32))

    def draw(self, device: str | torch.device = "cpu") -> Negatives:
        """Draw K items, by torch's own random state."""
        uniform = torch.rand(self.size, dtype=torch.float64)
        item = torch.searchsorted(self._cumulative, uniform).clamp(max=len(self._log_expected) - 1)
        expected = self._log_expected[item]
        return Negatives(item_K=item.to(device), log_expected_K=expected.to(device))
