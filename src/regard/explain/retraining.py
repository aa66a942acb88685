"""Retraining: is a counterfactual still true if the model never learned from the events?

A counterfactual is verified by asking the same weights about the edited history. "Had you not watched A"
could also mean that nobody ever saw it: here the model is trained again without the events of the set, and
asked for the edited history. Training again moves lists by itself, so two controls stand beside: as many
events drawn at random, and everything with another seed. Only what exceeds these is due to the set.

It does not train: what does is passed in, so that what serves imports nothing that learns. Training again is
what machine unlearning is held to (Cao & Yang, "Towards Making Systems Forget with Machine Unlearning", S&P
2015).

Shape letters: E events of the history, R removed events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from regard.data.histories import Histories
from regard.explain.counterfactual import MOST, beam
from regard.explain.edits import edited
from regard.explain.question import Question
from regard.recommend.recommender import Recommender

__all__ = ["Refit", "Retrained", "check_by_retraining", "forgetting"]

Refit = Callable[[Histories | None, int], Recommender]
"""Trains again without the events of one row (None: on everything), with so much added to the seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrained:
    """What became of items whose counterfactual sets a model never learned from.

    Parameters
    ----------
    k
        Length of the list.
    asked, users
        How many users' items were asked about, and for how many of them a set was found and models trained.
    left
        How many items are not in the list of a model that was trained without the set.
    left_random
        The same without as many other events of the user, drawn at random.
    left_again
        The same with all events, and another seed.
    size
        Mean size of the sets; None if there are none.
    """

    k: int
    asked: int
    users: int
    left: int
    left_random: int
    left_again: int
    size: float | None

    def to_json(self) -> dict[str, Any]:
        """Return it as a dictionary that JSON can hold."""
        return asdict(self)


def check_by_retraining(
    questions: Sequence[Question],
    refit: Refit,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Retrained:
    """Train again for each question whose item can be driven out of its list: twice, and once for all.

    Parameters
    ----------
    questions
        Of users that `refit` knows, all with one k.
    refit
        Trains as the model of the questions was trained.
    seed
        Of the events that are drawn.
    progress
        Told after each question how many are done, of how many.
    """
    assert len({question.k for question in questions}) == 1
    draw, again = np.random.default_rng([seed, 13]), None
    left = left_random = left_again = 0
    sizes: list[int] = []
    for place, question in enumerate(questions):
        removed = beam(question, most=min(MOST, question.length - 1)).removed
        if removed:
            others = np.setdiff1d(np.arange(question.length), removed)
            drawn = draw.permutation(others)[: len(removed)]
            left += _left(question, np.array(removed), refit)
            left_random += _left(question, drawn, refit)
            again = again or refit(None, 1)
            left_again += not _listed(again, question, question.history)
            sizes.append(len(removed))
        if progress is not None:
            progress(place + 1, len(questions))
    return Retrained(
        k=questions[0].k,
        asked=len(questions),
        users=len(sizes),
        left=left,
        left_random=left_random,
        left_again=left_again,
        size=float(np.mean(sizes)) if sizes else None,
    )


def forgetting(histories: Histories, removed: Histories) -> Histories:
    """Return a compact copy without some events of one user; of events that are alike, the latest go.

    Parameters
    ----------
    histories
        Row u holds the events of user u.
    removed
        One row, whose user is known.

    Examples
    --------
    >>> log = Histories.of([[5, 6], [5, 6, 5]])
    >>> gone = log.of_users().take(np.array([1])).latest(1)
    >>> [forgetting(log, gone).items_of(row).tolist() for row in range(2)]
    [[5, 6], [5, 6]]
    """
    assert len(removed) == 1
    assert removed.user is not None
    user = int(removed.user[0])
    keep_T = np.ones(histories.num_events, dtype=np.bool_)
    first = int(histories.lengths[:user].sum())
    item_E, time_E = histories.items_of(user), histories.times_of(user)
    own_E = keep_T[first : first + len(item_E)]
    for item, time in zip(removed.items_of(0), removed.times_of(0), strict=True):
        alike = np.flatnonzero((item_E == item) & (time_E == time) & own_E)
        own_E[alike[-1]] = False
    return histories.kept(keep_T)


def _left(question: Question, removed_R: np.ndarray, refit: Refit) -> bool:
    """Tell whether a model that was trained without some events leaves the item out of the list."""
    gone_E = np.zeros(question.length, dtype=np.bool_)
    gone_E[removed_R] = True
    trained = refit(edited(question.history, gone_E[None]), 0)
    return not _listed(trained, question, edited(question.history, ~gone_E[None]))


def _listed(recommender: Recommender, question: Question, history: Histories) -> bool:
    ranked = recommender.rank(history, k=question.k, exclude_seen=False, only_V=question.candidate_V)
    return bool((ranked.item_UK[0] == question.item).any())
