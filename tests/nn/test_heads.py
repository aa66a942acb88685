"""The catalogue gives the same score whichever way it is asked."""

from __future__ import annotations

import pytest
import torch

from regard.nn.heads import Catalogue


@pytest.mark.parametrize("bias", [None, torch.randn(8)])
def test_all_ways_of_asking_agree(bias: torch.Tensor | None) -> None:
    catalogue = Catalogue(weight_PD=torch.randn(8, 4), bias_P=bias, size=6)
    states, items = torch.randn(3, 4), torch.tensor([5, 0, 2])
    everything = catalogue.scores(states, 0, 6)
    torch.testing.assert_close(catalogue.scores(states, 2, 5), everything[:, 2:5])
    torch.testing.assert_close(catalogue.scores_shared(states, items), everything[:, items])
    torch.testing.assert_close(catalogue.scores_of(states, items), everything[range(3), items])
