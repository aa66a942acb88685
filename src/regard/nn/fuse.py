"""Fusing: the fields of a row become one vector, by attention over attributes, by gates, or by a sum.

With attention the query is learned, or comes from outside (a user's state: then brand or price gets its
weight for this user). A field that is absent has no weight, and the others share it, so that an item without
an id has a vector as long as one that has. The learned query needs no product of matrices: with the key's
projection folded into it, a field's score is one dot product with its own value.

Attention over attributes instead of their sum follows Chen et al., "Attentive Collaborative Filtering" (SIGIR
2017), component level, and Xiao et al., "Attentional Factorization Machines" (IJCAI 2017).

Shape letters: R rows, F fields, D width, H heads.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

__all__ = ["AttributeAttention", "AttributeGate", "AttributeSum", "Fused", "Fusion", "make_fusion"]

Fusion = Literal["attention", "gate", "sum"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """R rows after fusing.

    Parameters
    ----------
    y_RD
        ``[R, D]``; zero where no field is present.
    weight_RF
        ``[R, F]`` how much of each field is in it, mean over heads; zero where absent.
    """

    y_RD: Tensor
    weight_RF: Tensor


class AttributeAttention(nn.Module):
    """Softmax weights over the fields that are present.

    Parameters
    ----------
    fields
        F. The first is the id: it begins with as much weight as all others together.
    width
        D, divisible by `heads`.
    heads
        H parts of the width, each with weights of its own.
    asks
        Whether `forward` may be given a query; that needs a ``[D, D]`` projection.

    Examples
    --------
    >>> fuse = AttributeAttention(3, 4)
    >>> fused = fuse(3 * [torch.ones(1, 4)], torch.tensor([[True, False, True]]))
    >>> [round(weight, 2) for weight in fused.weight_RF[0].tolist()]
    [0.67, 0.0, 0.33]
    """

    def __init__(self, fields: int, width: int, *, heads: int = 1, asks: bool = False) -> None:
        super().__init__()
        assert width % heads == 0
        self.heads = heads
        self.query_FD = nn.Parameter(torch.zeros(fields, width))
        self.bias_FH = nn.Parameter(torch.zeros(fields, heads))
        with torch.no_grad():
            self.bias_FH[0] = math.log(max(fields - 1, 1))
        self.project = nn.Linear(width, width, bias=False) if asks else None

    def forward(self, values: Sequence[Tensor], present_RF: Tensor, query_RD: Tensor | None = None) -> Fused:
        """Fuse F tensors of ``[R, D]`` values; `query_RD` is added to the learned query."""
        rows, width = values[0].shape
        asked = None
        if query_RD is not None:
            assert self.project is not None, "made without asks=True"
            asked = self.project(query_RD)
        scores = []
        for value_RD, query_D in zip(values, self.query_FD, strict=True):
            query = query_D if asked is None else query_D + asked
            scores.append(self._dot(value_RD, query))
        score_RFH = torch.stack(scores, dim=1).float() * (self.heads / width) ** 0.5 + self.bias_FH
        score_RFH = score_RFH.masked_fill(~present_RF[:, :, None], -1e30)
        weight_RFH = torch.softmax(score_RFH, dim=1) * present_RF[:, :, None]
        parts = (value_RD.view(rows, self.heads, -1) for value_RD in values)
        y_RHE = _weighted(parts, weight_RFH[..., None])
        return Fused(y_RD=y_RHE.reshape(rows, width), weight_RF=weight_RFH.mean(2))

    def _dot(self, value_RD: Tensor, query: Tensor) -> Tensor:
        """Return ``[R, H]`` dot products with a query for all rows (``[D]``) or for each (``[R, D]``)."""
        if self.heads == 1 and query.dim() == 1:
            return (value_RD @ query.to(value_RD.dtype))[:, None]
        return (value_RD * query).view(len(value_RD), self.heads, -1).sum(-1)


class AttributeGate(nn.Module):
    """A gate from 0 to 1 for each field, from the field's own value; the id's gate is open.

    Parameters
    ----------
    fields, width
        As in `AttributeAttention`.
    """

    def __init__(self, fields: int, width: int) -> None:
        super().__init__()
        self.query_FD = nn.Parameter(torch.zeros(fields, width))
        self.bias_F = nn.Parameter(torch.full((fields,), -1.0))

    def forward(self, values: Sequence[Tensor], present_RF: Tensor) -> Fused:
        """Fuse F tensors of ``[R, D]`` values."""
        scores = [v_RD @ q_D.to(v_RD.dtype) for v_RD, q_D in zip(values, self.query_FD, strict=True)]
        score_RF = torch.stack(scores, dim=1).float() * values[0].shape[1] ** -0.5 + self.bias_F
        weight_RF = torch.sigmoid(score_RF)
        weight_RF = torch.cat([torch.ones_like(weight_RF[:, :1]), weight_RF[:, 1:]], dim=1) * present_RF
        return Fused(y_RD=_weighted(values, weight_RF[..., None]), weight_RF=weight_RF)


class AttributeSum(nn.Module):
    """The sum of the fields that are present."""

    def forward(self, values: Sequence[Tensor], present_RF: Tensor) -> Fused:
        """Fuse F tensors of ``[R, D]`` values."""
        weight_RF = present_RF.float()
        return Fused(y_RD=_weighted(values, weight_RF[..., None]), weight_RF=weight_RF)


def _weighted(values: Iterable[Tensor], weight: Tensor) -> Tensor:
    """Return the sum of the values, each times its column of weights."""
    total: Tensor | None = None
    for place, value in enumerate(values):
        part = value * weight[:, place].to(value.dtype)
        total = part if total is None else total + part
    assert total is not None
    return total


def make_fusion(kind: Fusion, fields: int, width: int, *, heads: int = 1) -> nn.Module:
    """Return the fusion of that name for F fields."""
    if kind == "attention":
        return AttributeAttention(fields, width, heads=heads)
    return AttributeGate(fields, width) if kind == "gate" else AttributeSum()
