"""Whether the states of a prototype may be believed: they know nothing later, no neighbour, and no other way.

What is served takes the last states by another way than training does; a prototype that is good in training
and wrong where it serves would look like a lever that does not pay.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from benchmarks.common import BenchError
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.causal import CausalModel

__all__ = ["check_states"]

_USERS, _LIMIT = 12, 1e-3


@torch.no_grad()
def check_states(model: CausalModel, histories: Histories) -> float:
    """Return the largest difference between states that are to be the same, of a few of the histories.

    Raises
    ------
    BenchError
        If one is more than a rounding error; it says which.
    """
    model.eval()
    enough = np.flatnonzero(histories.lengths >= 3)
    some = histories.take(enough[np.linspace(0, len(enough) - 1, _USERS).astype(int)])
    some = some.latest(model.config.max_length)
    states = _by_user(model, some)
    batch = PackedBatch.of(some)
    last = [one[-1] for one in states]
    off = {
        "the last state, as it is served": _apart(list(model.encode_last(batch)), last),
        "a state without its neighbours": _apart(
            [_by_user(model, some.take(np.array([row])))[0] for row in range(len(some))], states
        ),
        "a state without what came later": _apart(
            _by_user(model, some.without_latest(1)), [one[:-1] for one in states]
        ),
    }
    for row in range(len(some)):
        without = model.encode_without_each(PackedBatch.of(some.take(np.array([row]))))
        if without is not None:
            shorter = [_without(model, some.take(np.array([row])), event) for event in range(len(without))]
            off["the last state without an event"] = _apart(list(without), shorter)
    for what, much in off.items():
        if not much <= _LIMIT:
            raise BenchError(f"{what} differs by {much:.2g}")
    return max(off.values())


def _by_user(model: CausalModel, histories: Histories) -> list[Tensor]:
    batch = PackedBatch.of(histories)
    return list(torch.split(model.encode(batch).states_TD, batch.lengths.tolist()))


def _without(model: CausalModel, history: Histories, event: int) -> Tensor:
    kept = np.arange(int(history.lengths[0])) != event
    return model.encode(PackedBatch.of(history.kept(kept))).states_TD[-1]


def _apart(some: list[Tensor], others: list[Tensor]) -> float:
    return max(float((one - other).abs().max()) for one, other in zip(some, others, strict=True))
