"""SearchTable: the catalogue as searching reads it: a rough score with a proven bound, and the exact score.

Notable choices:

- The *exact* score of an item is one fixed procedure: products of float32 values, which float64 holds without
  error, added up in float64 pair by pair in an order that only D decides, rounded to float32 once. It does
  not depend on the batch, on blocks, on threads or on a matrix kernel.
- A *rough* score is a matrix product, in bfloat16 where that pays, with a bound of its distance from the
  exact one. By Cauchy and Schwarz, with a hat for what was rounded to bfloat16::

      |q.e - q^.e^| <= |q| |e - e^| + |q - q^| |e^|

  and adding up D products in float32, in any order, errs by at most about D 2^-24 |q^| |e^| (Higham,
  "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1). The differences are measured, not
  estimated, as the greatest of each stripe of the catalogue.

It knows no user and no filter; what is done with rough scores is the business of whoever searches.

Shape letters: U users, D width, V items, B items of a block, S pairs of a user and an item, G stripes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from regard.models.protocols import Rough
from regard.nn.heads import Catalogue

__all__ = ["SearchTable", "exact_dot", "multiplies_bfloat16"]

_STRIPE = 4_096
_HALF_FROM = 32_768  # items; below, float32 scores take less time than what bfloat16 adds
_MANY = 8  # states; fewer are multiplied sooner as the left side of a bfloat16 product
_UNIT = 2.0**-24  # the greatest relative error of rounding to float32
_HALF_UNIT = 2.0**-8  # and to bfloat16
_TINY = 1e-36  # covers what matrix kernels make of numbers too small to be normal
_SAFE = 1.001  # for the rounding of the bound itself
_HUGE = 1e30


def multiplies_bfloat16() -> bool:
    """Tell whether this processor multiplies bfloat16 natively."""
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def exact_dot(left_SD: Tensor, right_SD: Tensor) -> Tensor:
    """Return ``[S]`` float64 dot products of float32 rows, by halving: the same bits wherever it runs.

    Examples
    --------
    >>> exact_dot(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[4.0, 5.0, 6.0]]))
    tensor([32.], dtype=torch.float64)
    """
    sums = left_SD.double() * right_SD.double()
    while sums.shape[1] > 1:
        half = sums.shape[1] // 2
        if 2 * half == sums.shape[1]:
            sums = torch.add(*sums.chunk(2, dim=1))
            continue
        rest = sums[:, 2 * half :]
        sums = torch.cat([sums[:, :half] + sums[:, half : 2 * half], rest], dim=1)
    return sums.sum(dim=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTable:
    """Output vectors of the items with what bounds their rough scores.

    Parameters
    ----------
    weight_VD
        ``[V, D]`` float32 vectors.
    bias_V
        ``[V]`` a score that every user adds for an item, or None.
    half_VD
        ``[V, D]`` the vectors in bfloat16, or None where that does not pay.
    norm_G, rounding_G
        ``[G]`` greatest length of a vector of each stripe of 4,096 items, and of its rounding to bfloat16.
    bias_G
        ``[G]`` greatest absolute bias of each stripe.

    Examples
    --------
    >>> catalogue = Catalogue(weight_PD=torch.eye(3), bias_P=None, size=2)
    >>> table = SearchTable.of(catalogue)
    >>> table.exact(torch.ones(1, 3), torch.tensor([0]), torch.tensor([1]))
    tensor([1.])
    """

    weight_VD: Tensor
    bias_V: Tensor | None
    half_VD: Tensor | None
    norm_G: Tensor
    rounding_G: Tensor
    bias_G: Tensor

    @classmethod
    def of(cls, catalogue: Catalogue, *, half_from: int = _HALF_FROM) -> SearchTable:
        """Prepare a catalogue; from `half_from` items on with a bfloat16 copy, where that is fast."""
        weight = catalogue.weight_PD[: catalogue.size].detach()
        bias = None if catalogue.bias_P is None else catalogue.bias_P[: catalogue.size].detach().float()
        use_half = catalogue.size >= half_from and weight.device.type == "cpu" and multiplies_bfloat16()
        half = weight.bfloat16() if use_half else None
        norms, roundings, biases = [], [], []
        for start in range(0, catalogue.size, _STRIPE):
            stripe = weight[start : start + _STRIPE].float()
            norms.append(stripe.norm(dim=1).max())
            lost = (
                stripe.new_zeros(())
                if half is None
                else (stripe - half[start : start + _STRIPE]).norm(dim=1).max()
            )
            roundings.append(lost)
            biases.append(stripe.new_zeros(()) if bias is None else bias[start : start + _STRIPE].abs().max())
        stacked = [torch.stack(rows) if rows else weight.new_zeros(0) for rows in (norms, roundings, biases)]
        return cls(
            weight_VD=weight.float(),
            bias_V=bias,
            half_VD=half,
            norm_G=stacked[0],
            rounding_G=stacked[1],
            bias_G=stacked[2],
        )

    @property
    def size(self) -> int:
        """V."""
        return len(self.weight_VD)

    def rough(self, states_UD: Tensor, start: int, stop: int) -> Rough | None:
        """Return rough scores of the items `start` to `stop`; None where nothing bounds their error."""
        at = slice(start // _STRIPE, -(-stop // _STRIPE))
        norm = float(self.norm_G[at].max())
        length_U = states_UD.norm(dim=1)
        width = states_UD.shape[1]
        reach_U = length_U * norm
        if self.half_VD is None:
            scores_BU = self.weight_VD[start:stop] @ states_UD.T
            share = (width + 8) * _UNIT
            if torch.get_float32_matmul_precision() != "highest":  # both sides may be rounded on the way
                share += 3 * _HALF_UNIT
            slack_U = share * reach_U
        else:
            lost = float(self.rounding_G[at].max())
            half_UD, half_BD = states_UD.bfloat16(), self.half_VD[start:stop]
            if len(half_UD) < _MANY:
                scores_BU = (half_UD @ half_BD.T).float().T.contiguous()
            else:
                scores_BU = (half_BD @ half_UD.T).float()
            lost_U = (states_UD - half_UD).norm(dim=1)
            reach = (length_U + lost_U) * (norm + lost)
            # both sides, the sum in float32 (twice, for pairs) and the product are rounded
            slack_U = length_U * lost + lost_U * (norm + lost) + (2 * width * _UNIT + _HALF_UNIT) * reach
        if self.bias_V is not None:
            scores_BU = scores_BU + self.bias_V[start:stop, None]
            reach_U = reach_U + float(self.bias_G[at].max())
            slack_U = slack_U + 2 * _UNIT * reach_U
        slack_U = slack_U * _SAFE + _TINY * (1 + norm + length_U)
        reach_U = reach_U * _SAFE + slack_U
        if not bool((reach_U < _HUGE).all()):
            return None
        return Rough(scores_BU=scores_BU, slack_U=slack_U, reach_U=reach_U)

    def exact(self, states_UD: Tensor, row_S: Tensor, item_S: Tensor) -> Tensor:
        """Return ``[S]`` float32 scores of pairs of a row of the batch and an item, each rounded once."""
        return self.exact_sum(states_UD, row_S, item_S).float()

    def exact_sum(self, states_UD: Tensor, row_S: Tensor, item_S: Tensor) -> Tensor:
        """Return the same in float64, before it is rounded, for a sum with other parts."""
        scores_S = exact_dot(states_UD.index_select(0, row_S), self.weight_VD.index_select(0, item_S))
        return scores_S if self.bias_V is None else scores_S + self.bias_V[item_S].double()
