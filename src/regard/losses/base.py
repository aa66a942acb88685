"""What every loss is: a callable that asks the catalogue for the scores it needs, and returns a sum.

A sum and a count, not a mean, so that batches of different sizes and workers can be added up before
one division. Positions may be weighted: the sum is then weighted, and the count is the sum of the weights,
so that a position of weight 0 is the same as none, in value, mean and gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from regard.nn.heads import Catalogue

__all__ = ["Loss", "LossSum"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSum:
    """The loss summed over positions, and their number: both weighted where positions are.

    Parameters
    ----------
    total
        Scalar tensor, differentiable.
    count
        Number of positions, or the sum of their weights.
    """

    total: Tensor
    count: float

    def mean(self) -> Tensor:
        """Return the mean over positions; 0 where there are none."""
        return self.total / self.count if self.count > 0 else self.total


class Loss(Protocol):
    """Negative log-likelihood of targets given states, exact or estimated."""

    def __call__(
        self, states_MD: Tensor, target_M: Tensor, catalogue: Catalogue, weight_M: Tensor | None = None
    ) -> LossSum:
        """Return the loss of ``[M]`` targets for ``[M, D]`` states, weighted by ``[M]`` if not alike."""
        ...
