"""Heads: from states to scores of the catalogue, by the dot product with the items' own vectors.

Tying the output to the input table halves the parameters and is what sequential recommenders that win
do (Kang & McAuley, "Self-Attentive Sequential Recommendation", 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["Catalogue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Output vectors of the V items, padded to P >= V rows; losses and scorers ask it for scores.

    Parameters
    ----------
    weight_PD
        ``[P, D]`` output vectors; rows from V on belong to no item.
    bias_P
        ``[P]`` a score that every user adds for an item, or None.
    size
        V.
    """

    weight_PD: Tensor
    bias_P: Tensor | None
    size: int

    def scores(self, states_MD: Tensor, start: int, stop: int) -> Tensor:
        """Return ``[M, stop - start]`` scores of the items `start` to `stop`."""
        scores = states_MD @ self.weight_PD[start:stop].T
        return scores if self.bias_P is None else scores + self.bias_P[start:stop]

    def scores_of(self, states_MD: Tensor, item_M: Tensor) -> Tensor:
        """Return ``[M]`` scores of one item for each state."""
        scores = (states_MD * self.weight_PD[item_M]).sum(-1)
        return scores if self.bias_P is None else scores + self.bias_P[item_M]

    def scores_shared(self, states_MD: Tensor, item_K: Tensor) -> Tensor:
        """Return ``[M, K]`` scores of the same K items for all states."""
        scores = states_MD @ self.weight_PD[item_K].T
        return scores if self.bias_P is None else scores + self.bias_P[item_K]
