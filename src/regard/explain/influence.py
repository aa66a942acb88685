"""Influence: how far an item's log-probability falls when one event of the history is removed.

The measure is an intervention on what the scorer reads, not a reading of its insides: it is the same for
a transformer and for item-to-item counts, and it is exact for the question that it asks. What it cannot
show: two events that say the same cover for each other, so each alone may seem idle.

The log-probability is taken under the softmax over all known items. All shortened histories are packed
into batches; the catalogue is scored in blocks whose sums are merged, so no ``[U, V]`` matrix exists. It
does not know ids or titles.

Shape letters: E events of the history, U shortened histories of a batch, V items, B items of a block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.explain.edits import edited
from regard.models.blend import BlendScorer
from regard.models.protocols import Scorer
from regard.models.scoring import EncoderScorer

__all__ = ["Influence", "Standing", "leave_one_out", "standing_of"]

SCORES_AT_ONCE = 2**18  # 2 MB in float64, which stay in the processor's cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """What the events of one history do for one item.

    Parameters
    ----------
    log_probability
        Of the item given the whole history, in nats.
    influence_E
        ``[E]`` float64, in nats: by how much the log-probability falls without the event. Positive: the
        event speaks for the item; negative: against it.
    together
        By how much it falls without all of them.
    """

    log_probability: float
    influence_E: np.ndarray
    together: float


@torch.inference_mode()
def leave_one_out(
    scorer: Scorer[Any], history: Histories, item: int, *, known_V: np.ndarray, batch_events: int = 65_536
) -> Influence:
    """Measure the influence of each event of a history on an item.

    The event is removed from what the scorer read; no older event takes its place. The only event of a
    history leaves an empty one, for which the scorer answers too.

    Time O(E (E + V)) for E events, in batches of at most `batch_events` events.

    Parameters
    ----------
    scorer
        A model or a baseline, ready to use.
    history
        Exactly one row: what the scorer reads of the user, oldest first.
    item
        Number of the item, one of the known ones.
    known_V
        ``[V]`` bool: items that can be recommended; the probabilities of these sum to one.
    batch_events
        How many events are scored at once; at least one history is.

    Examples
    --------
    A scorer that ignores the history gives each event the influence zero:

    >>> from regard.recommend.fallback import PopularityFallback
    >>> scorer = PopularityFallback(np.array([3, 1]))
    >>> leave_one_out(scorer, Histories.of([[0, 1]]), 0, known_V=np.array([True, True]))
    Influence(log_probability=-0.28..., influence_E=array([0., 0.]), together=0.0)
    """
    assert len(history) == 1
    assert known_V[item]
    short = _short_way(scorer, history, item, known_V=known_V)
    if short is not None:
        log_probability = short
    else:
        parts = [
            _log_probability(scorer, PackedBatch.of(shortened), item, known_V=known_V)
            for shortened in _shortened(history, batch_events)
        ]
        log_probability = np.concatenate(parts)
    whole = log_probability[0]
    without = log_probability[1:]
    # Where the item is impossible with and without the event, the event changes nothing: no inf - inf
    influence = np.subtract(whole, without, out=np.zeros_like(without), where=whole != without)
    return Influence(log_probability=float(whole), influence_E=influence[:-1], together=float(influence[-1]))


def _shortened(history: Histories, batch_events: int) -> Iterator[Histories]:
    """Yield the whole history, then the history without each event in turn, then without all; in batches."""
    length = history.num_events
    rows = max(1, batch_events // max(1, length))
    for first in range(-1, length + 1, rows):
        removed = np.arange(first, min(first + rows, length + 1))
        # Nothing is number -1: the whole history
        kept_UE = (np.arange(length) != removed[:, None]) & (removed < length)[:, None]
        yield edited(history, kept_UE)


def _short_way(
    scorer: Scorer[Any], history: Histories, item: int, *, known_V: np.ndarray
) -> np.ndarray | None:
    """Return what `_shortened` histories would say, where the scorer knows a short way to that."""
    if not isinstance(scorer, EncoderScorer | BlendScorer):
        return None
    query = scorer.query_without_each(PackedBatch.of(history))
    if query is None:
        return None
    ends = edited(history, np.array([[True], [False]]).repeat(history.num_events, axis=1))
    whole, none = _log_probability(scorer, PackedBatch.of(ends), item, known_V=known_V)
    each = standing_of(scorer, query, item, known_V=known_V, users=history.num_events)
    return np.concatenate([[whole], each.log_probability(each.own_U), [none]])


def _log_probability(
    scorer: Scorer[Any], batch: PackedBatch, item: int, *, known_V: np.ndarray
) -> np.ndarray:
    """Return ``[U]`` float64 log-probabilities of the item under the softmax over the known items."""
    standing = standing_of(scorer, scorer.query(batch), item, known_V=known_V, users=batch.num_users)
    return standing.log_probability(standing.own_U)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An item among the others, for U histories.

    Parameters
    ----------
    own_U
        ``[U]`` float64 scores of the item.
    others_U
        ``[U]`` float64 logarithms of the summed exponentials of the other known items' scores.
    """

    own_U: Tensor
    others_U: Tensor

    def log_probability(self, own: Tensor) -> np.ndarray:
        """Return float64 log-probabilities of the item, had it these scores; they broadcast with ``[U]``."""
        total = torch.logaddexp(self.others_U, own)
        return torch.where(own == -torch.inf, own, own - total).cpu().numpy()


def standing_of(scorer: Scorer[Any], query: Any, item: int, *, known_V: np.ndarray, users: int) -> Standing:
    """Return how an item stands among the known ones, for what a scorer made of U histories.

    Parameters
    ----------
    scorer, item, known_V
        As in `leave_one_out`.
    query
        What ``scorer.query`` returned.
    users
        U.
    """
    own_U = scorer.score(query, item, item + 1)[:, 0].double()
    others_U = torch.full_like(own_U, -torch.inf)
    other_V = known_V.copy()
    other_V[item] = False
    block = max(1, SCORES_AT_ONCE // users)
    for start in range(0, scorer.num_items, block):
        stop = min(start + block, scorer.num_items)
        scores: Tensor = scorer.score(query, start, stop).double()
        left_out = torch.from_numpy(~other_V[start:stop]).to(scores.device)
        scores = scores.masked_fill(left_out, -torch.inf)
        others_U = torch.logaddexp(others_U, torch.logsumexp(scores, dim=1))
    return Standing(own_U=own_U, others_U=others_U)
