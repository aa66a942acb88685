"""Curves: what is left of an item when events are removed, or known, in the order of an explanation.

A good explanation removes what counts first. Every measure lies between 0 and 1; "left" is the share of the
item's probability that is left, at most 1. The measures are those of Barkan et al., "A Counterfactual
Framework for Learning and Evaluating Explanations for Recommender Systems" (WWW 2024), and of DeYoung et al.,
"ERASER" (ACL 2020); what is ours is the bound by 1, without which few users make every mean.

Shape letters: E events of the history, P points of a curve.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from regard.explain.question import Question

__all__ = ["BETTER", "GRID", "SHARES", "CurvePoints", "Curves", "curves"]

POINTS = 20
SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Shares of the history, at least one event, over which comprehensiveness and sufficiency are averaged."""

GRID = tuple(point / POINTS for point in range(POINTS + 1))
"""Shares of the history at which curves of several users are averaged."""

BETTER = {
    "DEL": "lower",
    "INS": "higher",
    "POS": "lower",
    "CDCG": "lower",
    "comprehensiveness": "higher",
    "sufficiency": "lower",
}
"""The measures, and which way is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """How an item fares while events go, and while they come, the most important first.

    Parameters
    ----------
    events_P
        ``[P]`` how many events are removed, or known; from 0 to E.
    left_P, known_P
        ``[P]`` what is left of its probability without the first events; with nothing but them.
    rank_P
        ``[P]`` its place without the first events.
    k
        Length of the list.
    """

    events_P: np.ndarray
    left_P: np.ndarray
    known_P: np.ndarray
    rank_P: np.ndarray
    k: int

    def measures(self) -> dict[str, float]:
        """Return the measures of `BETTER`.

        DEL and INS are areas under the two curves; POS is the share of the deletion at which the item is
        still in the list; CDCG the mean of 1 / log2(1 + place) along it. Comprehensiveness is what is lost
        without the first events, sufficiency what is lost with nothing but them, means over `SHARES`.
        """
        few = np.searchsorted(self.events_P, _counts(int(self.events_P[-1])))
        return {
            "DEL": self._area(self.left_P),
            "INS": self._area(self.known_P),
            "POS": self._area((self.rank_P <= self.k).astype(np.float64)),
            "CDCG": self._area(1.0 / np.log2(1.0 + self.rank_P)),
            "comprehensiveness": float(1.0 - self.left_P[few].mean()),
            "sufficiency": float(1.0 - self.known_P[few].mean()),
        }

    def at(self, share_P: np.ndarray) -> CurvePoints:
        """Return both curves at shares of the history from 0 to 1, by straight lines between points."""
        own_P = self.events_P / self.events_P[-1]
        return CurvePoints(
            left_P=np.interp(share_P, own_P, self.left_P), known_P=np.interp(share_P, own_P, self.known_P)
        )

    def _area(self, value_P: np.ndarray) -> float:
        """Return the area by trapezoids, over the share of events."""
        width = np.diff(self.events_P) / self.events_P[-1]
        return float((width * (value_P[1:] + value_P[:-1]) / 2).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoints:
    """``[P]`` what is left without, and with nothing but, given shares of the events."""

    left_P: np.ndarray
    known_P: np.ndarray


def curves(question: Question, order_E: np.ndarray) -> Curves:
    """Remove, and make known, the events of a question in an order.

    Parameters
    ----------
    question
        What is explained.
    order_E
        ``[E]`` positions of the events, the most important first.
    """
    length = question.length
    assert sorted(order_E.tolist()) == list(range(length))
    events_P = np.unique([*np.linspace(0, length, POINTS + 1).round().astype(np.int64), *_counts(length)])
    place_E = np.empty(length, dtype=np.int64)
    place_E[order_E] = np.arange(length)
    known_PE = place_E < events_P[:, None]
    answers = question.ask(np.concatenate([~known_PE, known_PE]))
    whole = question.whole.log_probability_U[0]
    change = np.subtract(
        answers.log_probability_U,
        whole,
        out=np.zeros(2 * len(events_P)),
        where=answers.log_probability_U != whole,
    )
    left_P, known_P = np.split(np.exp(np.minimum(change, 0.0)), 2)
    return Curves(
        events_P=events_P,
        left_P=left_P,
        known_P=known_P,
        rank_P=answers.rank_U[: len(events_P)],
        k=question.k,
    )


def _counts(length: int) -> np.ndarray:
    return np.array([math.ceil(share * length) for share in SHARES])
