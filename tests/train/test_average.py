"""The running average follows the weights, and is lent to the model only for a while."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from regard.train.average import add_to_average, averaged


def at(value: float) -> nn.Linear:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, value)
    return model


def test_the_first_step_is_its_own_average() -> None:
    average: dict[str, Tensor] = {}
    add_to_average(average, at(3.0), share=0.1, steps=1)
    assert float(average["weight"]) == 3.0


def test_the_average_is_about_the_last_share_of_the_steps() -> None:
    average: dict[str, Tensor] = {}
    for step in range(1, 1001):
        add_to_average(average, at(float(step)), share=0.1, steps=step)
    assert 880 < float(average["weight"]) < 920


def test_the_model_has_its_own_weights_again_afterwards() -> None:
    model = at(1.0)
    with averaged(model, {"weight": torch.full((1, 1), 5.0)}):
        assert model.weight.item() == 5.0
    assert model.weight.item() == 1.0


def test_without_an_average_nothing_is_lent() -> None:
    model = at(1.0)
    with averaged(model, {}):
        assert model.weight.item() == 1.0
