"""Heads: from states to scores of the catalogue, by the dot product with the items' own vectors.

Tying the output to the input table halves the parameters and is what sequential recommenders that win
do (Kang & McAuley, "Self-Attentive Sequential Recommendation", 2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["Catalogue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Output vectors of the V items, padded to P >= V rows; losses and scorers ask it for scores.

    Parameters
    ----------
    weight_PD
        ``[P, D]`` table of vectors; rows from V on belong to no item.
    bias_P
        ``[P]`` a score that every user adds for an item, or None.
    size
        V.
    unit
        Whether the vectors are the rows brought to length one, or the rows themselves.
    sparse
        Whether the gradient of `rows` is sparse; see `regard.nn.embed.IdEmbedding`.
    encode
        Computes ``[K, D]`` rows of the table for ``[K]`` items when they are asked for, where a table of all
        items costs too much; `weight_PD` then has only its shape (device ``meta``). None: the table is there.
    """

    weight_PD: Tensor
    bias_P: Tensor | None
    size: int
    unit: bool = False
    sparse: bool = False
    encode: Callable[[Tensor], Tensor] | None = None

    def vectors(self) -> Tensor:
        """Return ``[P, D]`` output vectors, those of the padding included."""
        if self.encode is None:
            return self._vectors(self.weight_PD)
        computed = self.encode(torch.arange(self.size))
        return self._vectors(F.pad(computed, (0, 0, 0, len(self.weight_PD) - self.size)))

    def inputs(self, item_T: Tensor) -> Tensor:
        """Return ``[T, D]`` rows of the table as a model reads them, not brought to length one."""
        if self.encode is not None:
            return self.encode(item_T)
        return F.embedding(item_T, self.weight_PD, sparse=self.sparse)

    def rows(self, item_K: Tensor) -> Tensor:
        """Return ``[K, D]`` output vectors of some items."""
        return self._vectors(self.inputs(item_K))

    def scores(self, states_MD: Tensor, start: int, stop: int) -> Tensor:
        """Return ``[M, stop - start]`` scores of the items `start` to `stop`."""
        rows_PD = (
            self.weight_PD[start:stop] if self.encode is None else self.encode(torch.arange(start, stop))
        )
        scores = states_MD @ self._vectors(rows_PD).T
        return scores if self.bias_P is None else scores + self.bias_P[start:stop]

    def scores_of(self, states_MD: Tensor, item_M: Tensor) -> Tensor:
        """Return ``[M]`` scores of one item for each state."""
        scores = (states_MD * self.rows(item_M)).sum(-1)
        return scores if self.bias_P is None else scores + self.bias_P[item_M]

    def scores_shared(self, states_MD: Tensor, item_K: Tensor) -> Tensor:
        """Return ``[M, K]`` scores of the same K items for all states."""
        scores = states_MD @ self.rows(item_K).T
        return scores if self.bias_P is None else scores + self.bias_P[item_K]

    def _vectors(self, weight_KD: Tensor) -> Tensor:
        return F.normalize(weight_KD, dim=-1) if self.unit else weight_KD
