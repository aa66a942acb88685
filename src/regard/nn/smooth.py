"""A filter beside attention: what the latest events have in common, and what is new in an event against them.

Attention averages, and a stack of it forgets what differs from event to event. BSARec (Shin et al., "An
Attentive Inductive Bias for Sequential Recommendation", AAAI 2024) therefore mixes it with a filter that
keeps the low frequencies of a history and rescales the high ones, channel by channel:

    y = (1 - share) attention(x) + share (low + beta^2 (x - low))

Notable choice: BSARec takes the low frequencies from a Fourier transform of the whole history, which would
show each event the later ones. Here they are the mean of the latest five events, so that all may learn.

Shape letters: T events, U users, D width.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from regard.nn.plan import AttentionPlan

__all__ = ["LocalFilter", "mean_of_latest"]

_LATEST = 5  # events whose mean is the low frequencies


class LocalFilter(nn.Module):
    """Mixes what attention says with a filter of the latest events.

    Parameters
    ----------
    width
        D.
    share
        Of the filter in the mixture, between 0 and 1.

    Examples
    --------
    >>> from regard.nn.mask import causal, same_user
    >>> plan = AttentionPlan.of(torch.tensor([0, 3]), mask=causal() & same_user())
    >>> filtered = LocalFilter(2, share=0.5)
    >>> filtered(torch.zeros(3, 2), torch.ones(3, 2), plan)  # nothing is new: half of the mean
    tensor([[0.5000, 0.5000],
            [0.5000, 0.5000],
            [0.5000, 0.5000]], grad_fn=<AddBackward0>)
    """

    def __init__(self, width: int, *, share: float) -> None:
        super().__init__()
        assert 0 < share < 1
        self.share = share
        self.root_D = nn.Parameter(torch.randn(width))

    def forward(self, seen_TD: Tensor, x_TD: Tensor, plan: AttentionPlan) -> Tensor:
        """Return ``[T, D]``, given what attention saw and what it read."""
        place_T1, low_TD = plan.query.position_T[:, None], x_TD
        for back in range(1, min(_LATEST, plan.query.longest)):
            low_TD = low_TD + torch.where(place_T1 >= back, x_TD.roll(back, 0), 0.0)
        return self.mix(seen_TD, x_TD, low_TD / (place_T1 + 1).clamp(max=_LATEST))

    def last(self, seen_UD: Tensor, x_TD: Tensor, plan: AttentionPlan) -> Tensor:
        """Return ``[U, D]`` for the last event of each history, none of them empty."""
        first_U, last_U = plan.query.offsets[:-1], plan.query.offsets[1:] - 1
        low_UD = mean_of_latest(x_TD, lambda place_U: first_U + place_U, last_U - first_U)
        return self.mix(seen_UD, x_TD[last_U], low_UD)

    def mix(self, seen_TD: Tensor, x_TD: Tensor, low_TD: Tensor) -> Tensor:
        """Return ``[T, D]``, given what attention saw, what it read, and the low frequencies of that."""
        filtered_TD = low_TD + self.root_D.square() * (x_TD - low_TD)
        mixed_TD: Tensor = (1 - self.share) * seen_TD + self.share * filtered_TD
        return mixed_TD


def mean_of_latest(x_TD: Tensor, row_of: Callable[[Tensor], Tensor], place_U: Tensor) -> Tensor:
    """Return ``[U, D]``: the low frequencies at one place of each of U histories.

    Parameters
    ----------
    x_TD
        Events.
    row_of
        Tells for a ``[U]`` place of each history the row of `x_TD` in which its event lies.
    place_U
        Where the means end.
    """
    low_UD = x_TD[row_of(place_U)]
    for back in range(1, _LATEST):
        before_U = place_U - back
        event_UD = x_TD[row_of(before_U.clamp(min=0))]
        low_UD = low_UD + torch.where(before_U[:, None] >= 0, event_UD, 0.0)
    return low_UD / (place_U[:, None] + 1).clamp(max=_LATEST)
