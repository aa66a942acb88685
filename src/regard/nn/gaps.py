"""Gaps: how long it was between two events, on a logarithmic scale, as vectors.

Seconds and years differ by eight orders of magnitude, so a gap is put into one of 64 classes whose bounds
grow by the square root of two (HSTU buckets its relative times alike: Zhai et al., "Actions Speak Louder
than Words", ICML 2024). A gap that is not known has a class of its own. It knows no calendar.

Shape letters: T events, U users, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["GapEmbedding", "gap_class"]

_CLASSES = 64
_MICROSECONDS = 1_000_000


def gap_class(gap_T: Tensor) -> Tensor:
    """Return ``[T]`` int64 classes of gaps: 0 for a negative one, else 1 to 64, ascending.

    Parameters
    ----------
    gap_T
        ``[T]`` int64 microseconds; a negative one stands for a gap that is not known.

    Examples
    --------
    >>> second = 1_000_000
    >>> gap_class(torch.tensor([-1, 0, second, 3 * second, 86_400 * second])).tolist()
    [0, 1, 3, 5, 33]
    """
    seconds = gap_T.clamp(min=0).double() / _MICROSECONDS
    number = 1 + (2 * torch.log2(1 + seconds)).long().clamp(max=_CLASSES - 1)
    return torch.where(gap_T < 0, torch.zeros_like(number), number)


class GapEmbedding(nn.Module):
    """A vector for each class of gaps.

    Parameters
    ----------
    width
        D.
    hidden
        Share of known gaps that training hides, so that the class of unknown ones is learned too.
    """

    def __init__(self, width: int, *, hidden: float = 0.0) -> None:
        super().__init__()
        self.hidden = hidden
        self.weight = nn.Parameter(torch.empty(1 + _CLASSES, width))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, gap_T: Tensor) -> Tensor:
        """Return ``[T, D]`` for ``[T]`` microseconds, negative where not known."""
        number = gap_class(gap_T)
        if self.training and self.hidden > 0:
            number = number * (torch.rand(number.shape, device=number.device) >= self.hidden)
        return F.embedding(number, self.weight)
