"""Remembered: the state of a history that was encoded lately is not computed again.

The state is what the network makes of a history, by far the most of the time of a request (three quarters
of it on MovieLens-100K). It is kept under a hash of all that the network reads of the history, so it cannot
be stale: one more event is another history. Memory is bounded; what was not used for the longest leaves
first. Keys and values of single events are not kept: the model reads the latest events only, and once a
history is longer than that, each new event changes what every other one can see, so nothing of them could
be used again.

Shape letters: U users, D width.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from regard.data.packing import PackedBatch
from regard.models.blend import BlendQuery, BlendScorer
from regard.recommend.recommender import Recommender
from regard.recommend.two_stage import TwoStageRecommender

__all__ = ["RememberingScorer", "States", "remembering"]

_ENTRY = 250  # bytes of an entry beside its vector: hash, links, objects


class States:
    """States by the hash of their histories.

    Parameters
    ----------
    capacity
        Bytes.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()
        self.found = 0
        self.made = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: bytes) -> Tensor | None:
        """Return a state that is kept."""
        state = self._kept.get(key)
        if state is None:
            self.made += 1
            return None
        self.found += 1
        self._kept.move_to_end(key)
        return state

    def keep(self, key: bytes, state_D: Tensor) -> None:
        """Keep a state."""
        self._kept[key] = state_D
        most = self._capacity // (_ENTRY + state_D.numel() * state_D.element_size())
        while len(self._kept) > most:
            self._kept.popitem(last=False)


@dataclass(frozen=True)
class RememberingScorer(BlendScorer):
    """Scores like the scorer that it is made of.

    Parameters
    ----------
    states
        What is remembered; used by one thread only.
    """

    states: States = field(default_factory=lambda: States(1 << 26))

    def query(self, batch: PackedBatch) -> BlendQuery:
        """Return the states and sums of the U histories of a batch; only new states are computed."""
        keys = _keys(batch)
        known = [self.states.get(key) for key in keys]
        missing = [row for row, state in enumerate(known) if state is None]
        if missing:
            made = self.scorer.query(batch if len(missing) == len(keys) else _rows(batch, missing))
            for place, row in enumerate(missing):
                known[row] = made[place].clone()
                self.states.keep(keys[row], made[place].clone())
        memory = self.blend.memory
        return BlendQuery(
            states_UD=torch.stack([state for state in known if state is not None]),
            sums_UC=None if memory is None else memory.sums(batch, decay=self.blend.weights.decay),
        )


def remembering(recommender: Recommender, capacity: int) -> Recommender:
    """Return a recommender that gives the same lists and remembers states; one of two stages as it is."""
    scorer = recommender.scorer
    if isinstance(recommender, TwoStageRecommender) or not isinstance(scorer, BlendScorer):
        return recommender
    own = RememberingScorer(
        encoder=scorer.encoder, blend=scorer.blend, precision=scorer.precision, states=States(capacity)
    )
    return replace(recommender, scorer=own)


def _keys(batch: PackedBatch) -> list[bytes]:
    """Return a hash of everything that is read of each history."""
    columns = [batch.item_T.numpy(), batch.time_T.numpy()]
    columns += [batch.fields[name].numpy() for name in sorted(batch.fields)]
    offsets, user = batch.offsets.tolist(), batch.user_U.numpy()
    asked = None if batch.asked_U is None else batch.asked_U.numpy()
    keys = []
    for row in range(batch.num_users):
        part = slice(offsets[row], offsets[row + 1])
        made = hashlib.blake2b(user[row].tobytes(), digest_size=16)
        made.update(b"" if asked is None else asked[row].tobytes())
        for column in columns:
            made.update(column[part].tobytes())
        keys.append(made.digest())
    return keys


def _rows(batch: PackedBatch, rows: list[int]) -> PackedBatch:
    """Return some histories of a batch."""
    chosen = torch.tensor(rows)
    start, stop = batch.offsets[chosen], batch.offsets[chosen + 1]
    lengths = stop - start
    ends = torch.cumsum(lengths, 0)
    events = torch.arange(int(lengths.sum())) + torch.repeat_interleave(start - (ends - lengths), lengths)
    fields: Mapping[str, Tensor] = {name: column[events] for name, column in batch.fields.items()}
    return PackedBatch(
        item_T=batch.item_T[events],
        time_T=batch.time_T[events],
        offsets=torch.cat([torch.zeros(1, dtype=torch.int64), ends]),
        user_U=batch.user_U[chosen],
        fields=fields,
        asked_U=None if batch.asked_U is None else batch.asked_U[chosen],
    )
