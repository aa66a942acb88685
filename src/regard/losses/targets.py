"""Targets: what is asked at each position. A target is never part of what its own input sees.

Where only some types of events are asked for, the others stay in the inputs and have weight zero here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from regard.data.packing import NO_TIME, PackedBatch
from regard.data.target import EVENT_TYPE

__all__ = ["Asked", "NextItem", "next_item"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NextItem:
    """Inputs, and for each of their events the item that came next.

    Parameters
    ----------
    inputs
        The batch without each user's last event, asked when that event happened; users with one event
        are left empty.
    target_T
        ``[T]`` int64 item numbers, aligned with ``inputs.item_T``.
    weight_T
        ``[T]`` float32: what each target counts, zero for one that is not asked for; None: all count 1.
    """

    inputs: PackedBatch
    target_T: Tensor
    weight_T: Tensor | None = None

    @property
    def count(self) -> float:
        """Number of targets, or the sum of their weights."""
        return len(self.target_T) if self.weight_T is None else float(self.weight_T.sum())

    def parts(self, events: int) -> Iterator[NextItem]:
        """Yield what is asked in parts of at most `events` inputs; see `PackedBatch.parts`."""
        first = 0
        for inputs in self.inputs.parts(events):
            some = slice(first, first + inputs.num_events)
            yield NextItem(
                inputs=inputs,
                target_T=self.target_T[some],
                weight_T=None if self.weight_T is None else self.weight_T[some],
            )
            first = some.stop

    def asked(self, states_TD: Tensor) -> Asked:
        """Return the states of the positions at which something is asked, with what is asked there."""
        if self.weight_T is None:
            return Asked(states_MD=states_TD, target_M=self.target_T)
        place_M = torch.nonzero(self.weight_T)[:, 0]
        weight_M = self.weight_T[place_M]
        return Asked(
            states_MD=states_TD[place_M],
            target_M=self.target_T[place_M],
            weight_M=None if bool((weight_M == 1).all()) else weight_M,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a loss is given.

    Parameters
    ----------
    states_MD
        ``[M, D]`` states of the positions that are asked.
    target_M
        ``[M]`` int64 item numbers.
    weight_M
        ``[M]`` float32; None: all count 1.
    """

    states_MD: Tensor
    target_M: Tensor
    weight_M: Tensor | None = None


def next_item(batch: PackedBatch, *, weight_Y1: Tensor | None = None) -> NextItem:
    """Split each history into inputs (all but the last event) and targets (all but the first).

    Parameters
    ----------
    batch
        Histories.
    weight_Y1
        ``[Y + 1]`` what a target counts by its event type, the last for an unknown one; None: all count 1.

    Examples
    --------
    >>> from regard.data.histories import Histories
    >>> asked = next_item(PackedBatch.of(Histories.of([[3, 1, 2], [5, 6]])))
    >>> asked.inputs.item_T.tolist(), asked.target_T.tolist(), asked.inputs.offsets.tolist()
    ([3, 1, 5], [1, 2, 6], [0, 2, 3])
    """
    lengths = batch.lengths
    full = lengths > 0
    not_last = torch.ones(batch.num_events, dtype=torch.bool, device=batch.item_T.device)
    last_F = batch.time_T[batch.offsets[1:][full] - 1]
    not_last[batch.offsets[1:][full] - 1] = False
    not_first = torch.ones_like(not_last)
    not_first[batch.offsets[:-1][full]] = False
    offsets = torch.cat([batch.offsets[:1], torch.cumsum((lengths - 1).clamp(min=0), 0)])
    inputs = PackedBatch(
        item_T=batch.item_T[not_last],
        time_T=batch.time_T[not_last],
        offsets=offsets,
        user_U=batch.user_U,
        fields={name: column[not_last] for name, column in batch.fields.items()},
        asked_U=torch.full_like(lengths, NO_TIME).masked_scatter(full, last_F),
    )
    weight_T = None if weight_Y1 is None else weight_Y1[batch.fields[EVENT_TYPE][not_first]]
    return NextItem(inputs=inputs, target_T=batch.item_T[not_first], weight_T=weight_T)
