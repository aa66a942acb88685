"""Choosing a baseline's setting on validation queries, so that it is as strong as it honestly can be.

NDCG@10 is computed from the rank of the target, which is counted, not sorted: the same rank that the
exact top-k gives, with ties going to the lower item number. Seen items and items without training
events do not compete. It does not know what the settings mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.data.split import Holdout
from regard.data.target import Targets
from regard.models.protocols import Scorer

__all__ = ["best_setting", "target_ranks"]

Setting = TypeVar("Setting")
Query = TypeVar("Query")

_USERS = 256
_QUERIES = 1000


def best_setting(
    settings: Sequence[Setting], fit: Callable[[Setting], Scorer[Query]], *, holdout: Holdout
) -> Setting:
    """Return the setting whose scorer has the highest NDCG@10 on the queries; of equal ones the first.

    Parameters
    ----------
    settings
        What to try, at least one.
    fit
        Makes a scorer of a setting, from the training part of `holdout` alone.
    holdout
        Validation, cut from the training data; at most 1,000 of its queries are asked (evenly chosen).
    """
    queries, known_V = holdout.queries, holdout.train.item_counts > 0
    rows = np.unique(np.linspace(0, len(queries) - 1, min(len(queries), _QUERIES)).astype(np.int64))
    histories, target = queries.histories.take(rows), queries.target[rows]
    values = []
    for setting in settings:
        rank = target_ranks(fit(setting), histories, target, known_V=known_V, targets=queries.targets)
        values.append(float(np.where(rank < 10, 1 / np.log2(np.minimum(rank, 10) + 2), 0.0).mean()))
    return settings[int(np.argmax(values))]


@torch.inference_mode()
def target_ranks(
    scorer: Scorer[Query],
    histories: Histories,
    target: np.ndarray,
    *,
    known_V: np.ndarray,
    targets: Targets | None = None,
) -> np.ndarray:
    """Return ``[U]`` how many items stand before each target; V for one that cannot be recommended.

    With `targets`, only events of the types that it counts as having had an item make it seen.
    """
    ranks = np.empty(len(histories), dtype=np.int64)
    unknown = torch.from_numpy(~known_V)
    for first in range(0, len(histories), _USERS):
        part = histories.take(slice(first, first + _USERS))
        scores = scorer.score(scorer.query(PackedBatch.of(part.only(known_V))), 0, scorer.num_items).clone()
        scores[:, unknown] = -torch.inf
        rows, events = part.rows(), part.events()
        if targets is not None:
            had = targets.had(part, events)
            rows, events = rows[had], events[had]
        scores[torch.from_numpy(rows), torch.from_numpy(part.item[events].astype(np.int64))] = -torch.inf
        wanted = torch.from_numpy(target[first : first + _USERS].astype(np.int64))[:, None]
        own = scores.gather(1, wanted)
        earlier = torch.arange(scorer.num_items) < wanted
        before = ((scores > own) | ((scores == own) & earlier)).sum(dim=1)
        before[own[:, 0] == -torch.inf] = scorer.num_items
        ranks[first : first + _USERS] = before.numpy()
    return ranks
