"""PackedBatch: histories laid end to end as tensors, no padding anywhere outside the dense kernel.

It is what a model reads; it does not know what a model does with it. The histories themselves, without
tensors, are at home in `regard.data.histories`.

Shape letters: T events, U users.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from regard.data.histories import Histories

__all__ = ["NO_TIME", "PackedBatch"]

NO_TIME: Final = -(2**63)  # stands where a time is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedBatch:
    """T events of U users as tensors, laid end to end.

    Parameters
    ----------
    item_T
        ``[T]`` int64 item numbers.
    time_T
        ``[T]`` int64 microseconds.
    fields
        One ``[T, ...]`` column for each further field of the schema.
    offsets
        ``[U + 1]`` int64: user u owns the events ``offsets[u]`` to ``offsets[u + 1]``.
    user_U
        ``[U]`` int64 user numbers, -1 for a history that belongs to no known user.
    asked_U
        ``[U]`` int64 microseconds: when the next item is asked for, `NO_TIME` where that is not known; None
        if it is known of nobody.

    Examples
    --------
    >>> batch = PackedBatch.of(Histories.of([[3, 1, 2], [5]]))
    >>> batch.offsets.tolist(), batch.item_T.tolist()
    ([0, 3, 4], [3, 1, 2, 5])
    """

    item_T: Tensor
    time_T: Tensor
    offsets: Tensor
    user_U: Tensor
    fields: Mapping[str, Tensor] = field(default_factory=dict)
    asked_U: Tensor | None = None

    @classmethod
    def of(cls, histories: Histories) -> PackedBatch:
        """Pack `histories`."""
        events, user = histories.events(), histories.user
        known = np.full(len(histories), -1, dtype=np.int64) if user is None else user.astype(np.int64)
        return cls(
            item_T=torch.from_numpy(histories.item[events].astype(np.int64)),
            time_T=torch.from_numpy(histories.time[events].astype(np.int64)),
            offsets=torch.from_numpy(np.concatenate([[0], np.cumsum(histories.lengths)]).astype(np.int64)),
            user_U=torch.from_numpy(known),
            fields={name: torch.from_numpy(column[events]) for name, column in histories.fields.items()},
            asked_U=None if histories.asked is None else torch.from_numpy(histories.asked),
        )

    @property
    def num_users(self) -> int:
        """U, the number of users, those without events included."""
        return len(self.offsets) - 1

    @property
    def num_events(self) -> int:
        """T, the number of events."""
        return len(self.item_T)

    @property
    def lengths(self) -> Tensor:
        """``[U]`` number of events of each user."""
        return self.offsets[1:] - self.offsets[:-1]

    def parts(self, events: int) -> Iterator[PackedBatch]:
        """Yield the batch in parts of at most `events` events; a user with more has a part alone.

        Examples
        --------
        >>> batch = PackedBatch.of(Histories.of([[3, 1, 2], [5], [4, 4]]))
        >>> [part.item_T.tolist() for part in batch.parts(4)]
        [[3, 1, 2, 5], [4, 4]]
        """
        if self.num_events <= events:
            yield self
            return
        ends, first = self.offsets[1:].cpu().contiguous(), 0
        while first < self.num_users:
            begin = int(self.offsets[first])
            fitting = int(torch.searchsorted(ends, begin + events, right=True))
            last = max(fitting, first + 1)
            yield self._users(slice(first, last), slice(begin, int(self.offsets[last])))
            first = last

    def without_first(self) -> PackedBatch:
        """Return the batch of one history without its first event."""
        assert self.num_users == 1
        later = slice(1, None)
        return replace(
            self,
            item_T=self.item_T[later],
            time_T=self.time_T[later],
            fields={name: column[later] for name, column in self.fields.items()},
            offsets=torch.tensor([0, self.num_events - 1], device=self.offsets.device),
        )

    def _users(self, users: slice, events: slice) -> PackedBatch:
        return PackedBatch(
            item_T=self.item_T[events],
            time_T=self.time_T[events],
            offsets=self.offsets[users.start : users.stop + 1] - events.start,
            user_U=self.user_U[users],
            fields={name: column[events] for name, column in self.fields.items()},
            asked_U=None if self.asked_U is None else self.asked_U[users],
        )

    def to(self, device: str | torch.device) -> PackedBatch:
        """Return the batch with its tensors on `device`."""
        return PackedBatch(
            item_T=self.item_T.to(device),
            time_T=self.time_T.to(device),
            offsets=self.offsets.to(device),
            user_U=self.user_U.to(device),
            fields={name: column.to(device) for name, column in self.fields.items()},
            asked_U=None if self.asked_U is None else self.asked_U.to(device),
        )
