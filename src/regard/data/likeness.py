"""Likeness: whether those who took the items of a history take a candidate, as counts tell it.

What a network learns of a pair of items it learns from few rows; counts of how users met both are the
classic of neighbourhoods (Sarwar et al., "Item-based Collaborative Filtering Recommendation Algorithms", WWW
2001), here with a sign: items that the same users took, or passed over, are alike; one taken and one passed
over speaks against it. What a user did with a candidate is taken out of the counts before they are read for
that user, so that they are as honest in training as they are later.

Shape letters: N events, K candidates, P pairs of a candidate and an event of its history, V items, C counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from regard.data.feedback import OUTCOME, Feedback
from regard.data.histories import Histories
from regard.data.impressions import Impressions

__all__ = ["LIKENESS", "Likeness"]

LIKENESS: Final = (
    "likeness mean",
    "likeness highest",
    "likeness lately",
    "likeness outcome",
    "likeness weight",
)
_MOST = 4096  # items that are counted, those with the most events: 64 MB of counts
_SHRINKAGE = 10.0  # takes weight from pairs that few users met
_LATELY = 10  # latest events of `likeness lately`
_PRIOR = 0.1  # likeness by which an outcome is smoothed
_PAIRS = 2**22  # looked at at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How C items went together.

    Parameters
    ----------
    place_V
        ``[V]`` int32 place of each item among the C that are counted, -1 for the others.
    shared_CC
        ``[C, C]`` float32: users who did the same with both less users who did not.
    count_C
        ``[C]`` float32 users who met each.
    own_N, sign_N
        ``[N]`` ascending keys of user and item, and what the user did with it: 1 or -1.
    level
        Share of the events that something came of.

    Examples
    --------
    >>> shown = Impressions.of([[0, 1], [0, 1], [0]], clicked=[[0, 1], [0, 1], [0]], users=[0, 1, 2])
    >>> like = Likeness.of(Feedback.of(shown, action="click", kind="shown"), items=2)
    >>> asked = Impressions.of([[1]], clicked=[[]], users=[2])
    >>> round(float(like.beside(asked, Histories.of([[0]]))["likeness mean"][0]), 3)
    0.161
    """

    place_V: np.ndarray
    shared_CC: np.ndarray
    count_C: np.ndarray
    own_N: np.ndarray
    sign_N: np.ndarray
    level: float

    @classmethod
    def of(cls, known: Feedback, *, items: int) -> Likeness:
        """Count `known`; of a user who met an item more than once, what happened last counts."""
        key = known.user_N.astype(np.int64) * items + known.item_N
        order = np.lexsort((np.arange(len(key)), known.time_N, key))
        last = np.flatnonzero(np.append(np.diff(key[order]) != 0, True)) if len(key) else order
        own_N = key[order][last]
        sign_N = np.where(known.outcome_N[order][last] > 0, 1, -1).astype(np.int8)
        item_N, met_V = own_N % items, np.bincount(own_N % items, minlength=items)
        chosen = np.sort(np.argsort(-met_V, kind="stable")[:_MOST])
        chosen = chosen[met_V[chosen] > 0]
        place_V = np.full(items, -1, dtype=np.int32)
        place_V[chosen] = np.arange(len(chosen))
        counted = place_V[item_N] >= 0
        shared_CC = _shared(own_N[counted] // items, place_V[item_N[counted]], sign_N[counted], len(chosen))
        level = float((sign_N > 0).mean()) if len(sign_N) else 0.5
        return cls(
            place_V=place_V,
            shared_CC=shared_CC,
            count_C=met_V[chosen].astype(np.float32),
            own_N=own_N,
            sign_N=sign_N,
            level=level,
        )

    def beside(self, impressions: Impressions, histories: Histories) -> dict[str, np.ndarray]:
        """Return by name of `LIKENESS` ``[K]`` float32; zero without a history.

        Mean, highest and lately are of the events that something came of; the outcome is that of the events,
        weighted by likeness, less that of all; the weight is what it rests on.

        Parameters
        ----------
        impressions
            What is asked for.
        histories
            ``[I]`` what came before each.
        """
        made = {name: np.zeros(impressions.num_candidates, dtype=np.float32) for name in LIKENESS}
        row_K = impressions.rows()
        counts_K = histories.lengths[row_K]
        item_K, user_K = impressions.item_K, impressions.user_I[row_K]
        known = (item_K >= 0) & (counts_K > 0)
        known[known] = self.place_V[item_K[known]] >= 0
        asked = np.flatnonzero(known)
        for some in _pieces(asked, counts_K[asked]):
            values = self._some(item_K[some], user_K[some], histories.take(row_K[some]))
            for name in LIKENESS:
                made[name][some] = values[name]
        return made

    def _some(self, item_K: np.ndarray, user_K: np.ndarray, histories: Histories) -> dict[str, np.ndarray]:
        """Return the values of candidates that are counted, each with a history of at least one event."""
        events_P, lengths_K = histories.events(), histories.lengths
        first_K = np.cumsum(lengths_K) - lengths_K
        at_K, other_P = self.place_V[item_K], self.place_V[histories.item[events_P]]
        known_P = other_P >= 0
        other_P = np.where(known_P, other_P, 0)
        own_K = self._own(user_K, item_K)
        own_P = self._own_of(user_K, histories, own_K)
        shared_P = self.shared_CC[np.repeat(at_K, lengths_K), other_P] - np.repeat(own_K, lengths_K) * own_P
        less_K = np.maximum(self.count_C[at_K] - (own_K != 0), 0)
        like_P = shared_P / (np.sqrt(np.repeat(less_K, lengths_K) * self.count_C[other_P]) + _SHRINKAGE)
        like_P *= known_P & (other_P != np.repeat(at_K, lengths_K))
        outcome = histories.fields.get(OUTCOME)
        had_P = np.ones(len(events_P), dtype=bool) if outcome is None else outcome[events_P] > 0
        late_P = np.repeat(first_K + lengths_K - _LATELY, lengths_K) <= np.arange(len(events_P))

        def total(values_P: np.ndarray) -> np.ndarray:
            return np.add.reduceat(values_P, first_K)

        weight_P = np.abs(like_P)
        weight_K = total(weight_P)
        return {
            "likeness mean": total(like_P * had_P) / np.maximum(total(had_P.astype(np.float32)), 1),
            "likeness highest": np.maximum.reduceat(np.where(had_P, like_P, 0), first_K),
            "likeness lately": total(like_P * (had_P & late_P)),
            "likeness outcome": total(like_P * (had_P - np.float32(self.level))) / (weight_K + _PRIOR),
            "likeness weight": weight_K,
        }

    def _own(self, user_K: np.ndarray, item_K: np.ndarray) -> np.ndarray:
        """Return ``[K]`` float32: what the user did with the item, 0 where that is not counted."""
        if len(self.own_N) == 0:
            return np.zeros(len(user_K), dtype=np.float32)
        key = user_K.astype(np.int64) * len(self.place_V) + item_K
        at = np.minimum(np.searchsorted(self.own_N, key), len(self.own_N) - 1)
        own: np.ndarray = np.where((self.own_N[at] == key) & (user_K >= 0), self.sign_N[at], 0)
        return own.astype(np.float32)

    def _own_of(self, user_K: np.ndarray, histories: Histories, own_K: np.ndarray) -> np.ndarray:
        """Return ``[P]`` float32 what the users did with the items of their events, where it matters."""
        lengths_K, events_P = histories.lengths, histories.events()
        own_P = np.zeros(len(events_P), dtype=np.float32)
        read_P = np.repeat(own_K != 0, lengths_K)
        user_P = np.repeat(user_K, lengths_K)[read_P]
        own_P[read_P] = self._own(user_P, histories.item[events_P[read_P]])
        return own_P


def _shared(user_N: np.ndarray, place_N: np.ndarray, sign_N: np.ndarray, size: int) -> np.ndarray:
    """Return ``[C, C]`` float32 sums over users of products of signs; rows are ordered by user."""
    shared_CC = np.zeros(size * size, dtype=np.float32)
    _, first_U, counts_U = np.unique(user_N, return_index=True, return_counts=True)
    first_N, counts_N = np.repeat(first_U, counts_U), np.repeat(counts_U, counts_U)
    for some in _pieces(np.arange(len(user_N)), counts_N):
        others_N = counts_N[some]
        before_N = np.cumsum(others_N) - others_N
        other_P = np.arange(int(others_N.sum())) + np.repeat(first_N[some] - before_N, others_N)
        cell_P = np.repeat(place_N[some].astype(np.int64) * size, others_N) + place_N[other_P]
        sign_P = np.repeat(sign_N[some], others_N) * sign_N[other_P]
        shared_CC += np.bincount(cell_P, weights=sign_P, minlength=size * size)
    return shared_CC.reshape(size, size)


def _pieces(number_N: np.ndarray, pairs_N: np.ndarray) -> Iterator[np.ndarray]:
    """Yield `number_N` in order, in pieces of about `_PAIRS` pairs."""
    piece_N = np.cumsum(pairs_N) // _PAIRS
    yield from np.split(number_N, np.flatnonzero(np.diff(piece_N)) + 1) if len(number_N) else ()
