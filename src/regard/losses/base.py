"""What every loss is: a callable that asks the catalogue for the scores it needs, and returns a sum.

A sum and a count, not a mean, so that batches of different sizes and workers can be added up before
one division.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from regard.nn.heads import Catalogue

__all__ = ["Loss", "LossSum"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSum:
    """The loss summed over positions, and their number.

    Parameters
    ----------
    total
        Scalar tensor, differentiable.
    count
        Number of positions.
    """

    total: Tensor
    count: int

    def mean(self) -> Tensor:
        """Return the mean over positions."""
        return self.total / max(self.count, 1)


class Loss(Protocol):
    """Negative log-likelihood of targets given states, exact or estimated."""

    def __call__(self, states_MD: Tensor, target_M: Tensor, catalogue: Catalogue) -> LossSum:
        """Return the loss of ``[M]`` targets for ``[M, D]`` states."""
        ...
