"""Counterfactuals: the smallest set of events without which an item would not be in the list.

"Had you not watched A and B, this would not be in your first ten." Two searches: `greedy` always goes on with
the one set that leaves the item lowest, `beam` with the best few. Both first try every single event, so a
set of one is the smallest there is, and so is a set of two; of larger ones no event can be put back without
the item coming back. After single events only the `POOL` that mattered most alone are tried: an event that
matters only beside one outside the pool is missed.

Every set that is found is checked on the path that serves: the recommender ranks for the edited history
(`Counterfactual.verified`). What the user has had stays out of the list, see `regard.explain.question`.

Search of this kind for recommenders: Ghazimatin et al., "PRINCE: Provider-side Interpretability with
Counterfactual Explanations in Recommender Systems" (WSDM 2020); Tran et al., "Counterfactual Explanations for
Neural Recommenders" (SIGIR 2021).

Shape letters: E events of the history, U sets that are tried, B sets that are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regard.explain.edits import edited
from regard.explain.question import Answers, Question

__all__ = ["BEAM", "MOST", "POOL", "Counterfactual", "beam", "greedy", "in_list_without"]

BEAM = 4
"""Sets that `beam` goes on with."""

MOST = 5
"""Largest set that is tried."""

POOL = 24
"""Events that are tried beside others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """What was found.

    Parameters
    ----------
    removed
        Positions of the events to remove, ascending; empty if none were found.
    found
        Whether the item falls out of the list without them.
    verified
        Whether the recommender, asked for the edited history, leaves the item out.
    smallest
        Whether no smaller set does it: certain for one and two events.
    rank, rank_without
        Place of the item with and without the events; the same where nothing was found.
    calls
        How many histories the model read.
    """

    removed: tuple[int, ...]
    found: bool
    verified: bool
    smallest: bool
    rank: int
    rank_without: int
    calls: int


def greedy(question: Question, *, most: int = MOST) -> Counterfactual:
    """Look for a set of at most `most` events by adding the best event each time.

    Parameters
    ----------
    question
        About an item that is in the list; of any other nothing is found.
    most
        Largest set that is tried.
    """
    return _search(question, most=most, width=1)


def beam(question: Question, *, most: int = MOST, width: int = BEAM) -> Counterfactual:
    """Look for a set of at most `most` events, going on with the best `width` each time."""
    return _search(question, most=most, width=width)


def in_list_without(question: Question, removed: tuple[int, ...]) -> bool:
    """Ask the recommender for the history without some events: is the item in the list?"""
    kept_UE = np.ones((1, question.length), dtype=np.bool_)
    kept_UE[0, list(removed)] = False
    history = edited(question.history, kept_UE)
    # What had been seen is no candidate; the item itself may be asked about even if it was.
    ranked = question.recommender.rank(history, k=question.k, exclude_seen=False, only_V=question.candidate_V)
    return bool((ranked.item_UK[0] == question.item).any())


def _search(question: Question, *, most: int, width: int) -> Counterfactual:
    """Widen sets level by level; the first level at which one works has the answer."""
    assert width >= 1
    asker, sets, pool = _Asker(question), [frozenset[int]()], np.arange(question.length)
    if question.whole.margin_U[0] < 0:  # it is not in the list
        return asker.nothing()
    for size in range(1, min(most, question.length, POOL) + 1):
        wider = _wider(sets, pool)
        answers = asker.ask(wider)
        order = np.lexsort((answers.log_probability_U, answers.margin_U))
        if answers.margin_U[order[0]] < 0:
            best = wider[order[0]]
            return asker.found(best if size <= 2 else _needed(asker, best))
        if size == 1:
            pool = np.array([next(iter(wider[place])) for place in order[:POOL]])
        sets = [wider[place] for place in order[:width]]
    return asker.nothing()


def _wider(sets: list[frozenset[int]], pool: np.ndarray) -> list[frozenset[int]]:
    """Return each set with one more event of the pool, no set twice."""
    more = (one | {event} for one in sets for event in pool.tolist() if event not in one)
    return list(dict.fromkeys(more))


def _needed(asker: _Asker, found: frozenset[int]) -> frozenset[int]:
    """Put events back as long as the item stays away."""
    while True:
        smaller = [found - {event} for event in sorted(found)]
        margin_U = asker.ask(smaller).margin_U
        if margin_U.min() >= 0:
            return found
        found = smaller[int(margin_U.argmin())]


class _Asker:
    """Asks about sets of removed events, and counts."""

    def __init__(self, question: Question) -> None:
        self.question, self.calls = question, 1

    def ask(self, sets: list[frozenset[int]]) -> Answers:
        kept_UE = np.ones((len(sets), self.question.length), dtype=np.bool_)
        for row, one in zip(kept_UE, sets, strict=True):
            row[list(one)] = False
        self.calls += len(sets)
        return self.question.ask(kept_UE)

    def nothing(self) -> Counterfactual:
        rank = int(self.question.whole.rank_U[0])
        return Counterfactual(
            removed=(),
            found=False,
            verified=False,
            smallest=False,
            rank=rank,
            rank_without=rank,
            calls=self.calls,
        )

    def found(self, removed: frozenset[int]) -> Counterfactual:
        positions = tuple(sorted(removed))
        rank_without = int(self.ask([removed]).rank_U[0])
        return Counterfactual(
            removed=positions,
            found=True,
            verified=not in_list_without(self.question, positions),
            smallest=len(positions) <= 2,
            rank=int(self.question.whole.rank_U[0]),
            rank_without=rank_without,
            calls=self.calls + 1,
        )
