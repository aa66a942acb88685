"""Fields: one embedder for each form of attribute, from values to vectors of width D.

A value that is missing is said to be absent (`FieldRows.present_R`); whoever fuses the fields leaves it out.
Where every value is present with about the same length, no field is louder than another when training
begins. It knows no table and no vocabulary.

Shape letters: R rows, J codes of all bags, E width of a given vector, D width, B pieces of a number's range.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from regard.nn.embed import IdEmbedding

__all__ = ["BagField", "CategoryField", "FieldRows", "NumberField", "VectorField", "piecewise_linear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRows:
    """One field of R rows.

    Parameters
    ----------
    value_RD
        ``[R, D]``; what stands in an absent row means nothing.
    present_R
        ``[R]`` bool.
    """

    value_RD: Tensor
    present_R: Tensor


class CategoryField(nn.Module):
    """A vector for each code; code 0 is a missing value.

    Parameters
    ----------
    size
        Number of codes.
    width
        D.
    scale
        Standard deviation of the initial values.

    Examples
    --------
    >>> rows = CategoryField(5, 4, scale=0.1)(torch.tensor([0, 3]))
    >>> rows.value_RD.shape, rows.present_R.tolist()
    (torch.Size([2, 4]), [False, True])
    """

    def __init__(self, size: int, width: int, *, scale: float) -> None:
        super().__init__()
        self.codes = IdEmbedding(size, width, scale=scale)

    def forward(self, code_R: Tensor) -> FieldRows:
        """Embed ``[R]`` codes."""
        return FieldRows(value_RD=self.codes(code_R), present_R=code_R > 0)


class BagField(nn.Module):
    """The sum of the vectors of a bag's codes, over the root of their number; an empty bag is missing.

    Parameters
    ----------
    size, width, scale
        As in `CategoryField`.

    Examples
    --------
    >>> rows = BagField(5, 4, scale=0.1)(torch.tensor([0, 2, 2]), torch.tensor([3, 4]))
    >>> rows.present_R.tolist()
    [True, False]
    """

    def __init__(self, size: int, width: int, *, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size, width))
        nn.init.normal_(self.weight, std=scale)

    def forward(self, offset_R1: Tensor, code_J: Tensor) -> FieldRows:
        """Embed R bags: row r has the codes ``offset_R1[r]`` to ``offset_R1[r + 1]``."""
        count_R = offset_R1[1:] - offset_R1[:-1]
        sum_RD = F.embedding_bag(code_J, self.weight, offset_R1, mode="sum", include_last_offset=True)
        return FieldRows(
            value_RD=sum_RD * count_R.clamp(min=1).rsqrt()[:, None].to(sum_RD.dtype), present_R=count_R > 0
        )


class NumberField(nn.Module):
    """A number by pieces of its range.

    As in Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022:
    between two edges the vector moves along a straight line; the edges are quantiles, so that each piece has
    as many values as the others, however the numbers are spread.

    Parameters
    ----------
    edge_B1
        ``[B + 1]`` ascending edges.
    width, scale
        As in `CategoryField`.

    Examples
    --------
    >>> rows = NumberField(torch.tensor([0.0, 1.0, 10.0]), 4, scale=0.1)(torch.tensor([0.5, torch.nan]))
    >>> rows.present_R.tolist(), bool(rows.value_RD.isfinite().all())
    ([True, False], True)
    """

    edge_B1: Tensor

    def __init__(self, edge_B1: Tensor, width: int, *, scale: float) -> None:
        super().__init__()
        self.register_buffer("edge_B1", edge_B1.float(), persistent=False)
        pieces = len(edge_B1) - 1
        self.weight = nn.Parameter(torch.empty(width, pieces))
        self.bias = nn.Parameter(torch.zeros(width))
        nn.init.normal_(self.weight, std=scale * max(pieces, 1) ** -0.5)
        nn.init.normal_(self.bias, std=scale)

    def forward(self, value_R: Tensor) -> FieldRows:
        """Embed ``[R]`` numbers, NaN where missing."""
        present_R = ~value_R.isnan()
        place_RB = piecewise_linear(value_R.nan_to_num(), self.edge_B1)
        return FieldRows(value_RD=F.linear(place_RB, self.weight, self.bias), present_R=present_R)


class VectorField(nn.Module):
    """A given vector, brought to width D by a matrix.

    Parameters
    ----------
    given
        E; the vectors should have a mean length of about one.
    width, scale
        As in `CategoryField`.
    """

    def __init__(self, given: int, width: int, *, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, given))
        nn.init.normal_(self.weight, std=scale)

    def forward(self, value_RE: Tensor, present_R: Tensor) -> FieldRows:
        """Embed ``[R, E]`` vectors, of which `present_R` are there."""
        return FieldRows(value_RD=F.linear(value_RE, self.weight), present_R=present_R)


def piecewise_linear(value_R: Tensor, edge_B1: Tensor) -> Tensor:
    """Return ``[R, B]``: for each piece the share of it that lies below the value, from 0 to 1.

    Examples
    --------
    >>> piecewise_linear(torch.tensor([-1.0, 0.5, 4.0]), torch.tensor([0.0, 1.0, 7.0]))
    tensor([[0.0000, 0.0000],
            [0.5000, 0.0000],
            [1.0000, 0.5000]])
    """
    low_B, high_B = edge_B1[:-1], edge_B1[1:]
    return ((value_R[:, None] - low_B) / (high_B - low_B)).clamp(0, 1)
