"""The position-wise network of a transformer block."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from regard.nn.dropout import dropout

__all__ = ["FeedForward"]

_AT_ONCE = 2_048  # events


class FeedForward(nn.Module):
    """Two linear layers with a GELU between them, applied to each event by itself.

    Parameters
    ----------
    width
        D, of input and output.
    expansion
        Width of the hidden layer as a multiple of D.
    dropout
        Share of hidden values that training drops.
    """

    def __init__(self, width: int, *, expansion: int = 4, dropout: float = 0.0) -> None:
        super().__init__()
        self.widen = nn.Linear(width, expansion * width)
        self.narrow = nn.Linear(expansion * width, width)
        self.dropout = dropout

    def forward(self, x_TD: Tensor) -> Tensor:
        """Return ``[T, D]``; without gradients in pieces whose hidden layer stays in the cache."""
        if torch.is_grad_enabled() or len(x_TD) <= _AT_ONCE:
            return self._of(x_TD)
        return torch.cat([self._of(part_TD) for part_TD in torch.split(x_TD, _AT_ONCE)])

    def _of(self, x_TD: Tensor) -> Tensor:
        hidden = dropout(F.gelu(self.widen(x_TD)), self.dropout, training=self.training)
        y: Tensor = self.narrow(hidden)
        return y
