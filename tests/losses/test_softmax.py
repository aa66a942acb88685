"""The full softmax asks for its scores in chunks. Its equality with cross entropy is a law."""

from __future__ import annotations

import torch

from regard.losses.softmax import FullSoftmax
from regard.nn.heads import Catalogue


def test_no_positions_give_a_loss_of_zero() -> None:
    catalogue = Catalogue(weight_PD=torch.randn(4, 2), bias_P=None, size=4)
    loss = FullSoftmax()(torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64), catalogue)
    assert (float(loss.total), loss.count, float(loss.mean())) == (0.0, 0, 0.0)


def test_without_gradients_none_are_computed() -> None:
    weight = torch.randn(4, 2, requires_grad=True)
    with torch.no_grad():
        loss = FullSoftmax()(
            torch.randn(3, 2), torch.tensor([0, 1, 2]), Catalogue(weight_PD=weight, bias_P=None, size=4)
        )
    assert not loss.total.requires_grad
