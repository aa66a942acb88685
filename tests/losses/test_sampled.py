"""The sampled softmax never forms scores of the whole catalogue."""

from __future__ import annotations

import numpy as np
import torch

from regard.losses.negatives import NegativeSampler
from regard.losses.sampled import SampledSoftmax
from regard.nn.heads import Catalogue


def test_a_negative_that_is_the_target_does_not_count() -> None:
    catalogue = Catalogue(weight_PD=torch.randn(1, 2), bias_P=None, size=1)
    loss = SampledSoftmax(NegativeSampler(np.array([3]), size=5))(
        torch.randn(4, 2), torch.zeros(4, dtype=torch.int64), catalogue
    )
    torch.testing.assert_close(loss.total, torch.tensor(0.0))
    assert loss.count == 4


def test_only_rows_of_targets_and_negatives_get_a_gradient() -> None:
    torch.manual_seed(0)
    weight = torch.randn(1000, 2, requires_grad=True)
    sampler = NegativeSampler(np.ones(1000), size=5)
    catalogue = Catalogue(weight_PD=weight, bias_P=None, size=1000)
    SampledSoftmax(sampler)(torch.randn(3, 2), torch.tensor([1, 2, 3]), catalogue).total.backward()
    assert weight.grad is not None
    assert int((weight.grad.abs().sum(1) > 0).sum()) <= 3 + 5
