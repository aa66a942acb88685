"""Targets: what is asked at each position. A target is never part of what its own input sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from regard.data.packing import NO_TIME, PackedBatch

__all__ = ["NextItem", "next_item"]


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
    """

    inputs: PackedBatch
    target_T: Tensor

    def parts(self, events: int) -> Iterator[NextItem]:
        """Yield what is asked in parts of at most `events` inputs; see `PackedBatch.parts`."""
        first = 0
        for inputs in self.inputs.parts(events):
            yield NextItem(inputs=inputs, target_T=self.target_T[first : first + inputs.num_events])
            first += inputs.num_events


def next_item(batch: PackedBatch) -> NextItem:
    """Split each history into inputs (all but the last event) and targets (all but the first).

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
    return NextItem(inputs=inputs, target_T=batch.item_T[not_first])
