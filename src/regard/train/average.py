"""The running average of weights: steadier than the last step, at the cost of one copy of the weights.

The window grows with the training: after n steps it is about the last `share` of them (Karras et al.,
"Analyzing and Improving the Training Dynamics of Diffusion Models", 2024, call it a power-function
average), so that nobody has to say how long a training will be.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["add_to_average", "averaged"]


@torch.no_grad()
def add_to_average(average: dict[str, Tensor], model: nn.Module, *, share: float, steps: int) -> None:
    """Move an average towards the weights of now.

    Parameters
    ----------
    average
        Weights by name, changed in place; empty before the first step.
    model
        Has just made a step.
    share
        Part of the steps so far that the average is about.
    steps
        Steps so far, this one included.
    """
    weights = dict(model.named_parameters())
    if not average:
        average.update({name: weight.detach().clone() for name, weight in weights.items()})
        return
    for name, mean in average.items():
        mean.lerp_(weights[name], 1 / (1 + share * steps))


@contextmanager
def averaged(model: nn.Module, average: dict[str, Tensor]) -> Iterator[None]:
    """Lend a model the averaged weights; it has its own again afterwards. Nothing happens without any."""
    own = {name: weight.detach().clone() for name, weight in model.named_parameters() if name in average}
    model.load_state_dict(average, strict=False)
    try:
        yield
    finally:
        model.load_state_dict(own, strict=False)
