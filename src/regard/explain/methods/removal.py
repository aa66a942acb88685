"""Methods that leave events out and ask again: they cover all that is served, whatever the model is.

- `leave_one_out`: each event by itself. Two events that say the same cover for each other.
- `screened`: the same for the few events whose slopes are steepest; the others keep their slope.
- `one_by_one`: the event without which the item falls most, then the next beside it, and so on: the greedy
  deletion that other methods are measured by. Its cost grows with the square of the history.
- `in_rounds`: the same with several events a round: nearly as good, at a cost that grows with the history.
- `shapley`: the mean effect of an event over all orders in which events could have come to be known
  (Shapley 1953; by sampled orders, Castro et al., "Polynomial calculation of the Shapley value based on
  sampling", 2009), each order with its reverse, which halves the variance of what is nearly additive
  (Mitchell et al., "Sampling permutations for Shapley value estimation", JMLR 2022).

Shape letters: E events of the history, P pairs of orders.
"""

from __future__ import annotations

import numpy as np

from regard.explain import influence
from regard.explain.gates import slopes
from regard.explain.methods.base import Attribution
from regard.explain.question import Question

__all__ = [
    "PAIRS",
    "ROUND",
    "SCREENED",
    "fall",
    "in_rounds",
    "leave_one_out",
    "one_by_one",
    "screened",
    "shapley",
]

SCREENED = 16
"""Events that `screened` leaves out one by one."""

ROUND = 0.25
"""Share of the events that are left which `in_rounds` removes at once, rounded down, but at least one."""

PAIRS = 8
"""Orders, each with its reverse, that `shapley` draws."""


def leave_one_out(question: Question, seed: int = 0) -> Attribution:
    """Return in nats by how much the item's log-probability falls without each event."""
    if question.length > 1:
        found = influence.leave_one_out(
            question.scorer, question.history, question.item, known_V=question.recommender.known_V
        )
        return Attribution(value_E=found.influence_E, calls=1 + question.length)
    # Nothing is left, and popularity answers
    kept_UE = np.zeros((1, 1), dtype=np.bool_)
    return Attribution(value_E=fall(question, kept_UE), calls=2)


def screened(question: Question, seed: int = 0) -> Attribution:
    """Return the influence of the `SCREENED` events of steepest slope, and for the others their slope.

    What it costs: an event that matters but whose slope says nothing is missed. Both are in nats, and the
    slopes of the others are the smallest, so that these come in the middle.
    """
    slope_E = slopes(question, np.ones(1))[0]
    if question.length <= SCREENED:
        exact = leave_one_out(question)
        return Attribution(value_E=exact.value_E, calls=exact.calls + 3)
    some = np.argsort(-np.abs(slope_E), kind="stable")[:SCREENED]
    kept_UE = np.ones((len(some), question.length), dtype=np.bool_)
    kept_UE[np.arange(len(some)), some] = False
    value_E = slope_E.copy()
    value_E[some] = fall(question, kept_UE)
    return Attribution(value_E=value_E, calls=len(some) + 4)


def one_by_one(question: Question, seed: int = 0) -> Attribution:
    """Return E for the event whose removal costs most, E - 1 for the one after that, and so on."""
    return _by_rounds(question, share=0.0)


def in_rounds(question: Question, seed: int = 0) -> Attribution:
    """Return the same, with the share `ROUND` of the events that are left removed in each round.

    About 1 / `ROUND` histories an event are read, not half of E.
    """
    return _by_rounds(question, share=ROUND)


def _by_rounds(question: Question, *, share: float) -> Attribution:
    length = question.length
    left, value_E, calls = np.arange(length), np.zeros(length), 0
    while len(left):
        kept_UE = np.zeros((len(left), length), dtype=np.bool_)
        kept_UE[:, left] = True
        kept_UE[np.arange(len(left)), left] = False
        log_probability_U = question.ask(kept_UE).log_probability_U
        worst = np.argsort(log_probability_U, kind="stable")[: max(1, int(share * len(left)))]
        value_E[left[worst]] = len(left) - np.arange(len(worst))
        calls, left = calls + len(left), np.delete(left, worst)
    return Attribution(value_E=value_E, calls=calls)


def shapley(question: Question, seed: int = 0) -> Attribution:
    """Return Shapley values in nats with their standard errors, from `PAIRS` pairs of orders."""
    length, draw = question.length, np.random.default_rng(seed)
    shares_PE = np.empty((PAIRS, length))
    for pair in range(PAIRS):
        order = draw.permutation(length)
        shares_PE[pair] = (_shares(question, order) + _shares(question, order[::-1])) / 2
    error_E = shares_PE.std(axis=0, ddof=1) / np.sqrt(PAIRS)
    return Attribution(
        value_E=shares_PE.mean(axis=0), calls=2 * PAIRS * (length + 1), error_E=np.asarray(error_E)
    )


def _shares(question: Question, order_E: np.ndarray) -> np.ndarray:
    """Return ``[E]`` what each event adds when the events come to be known in this order."""
    length = question.length
    kept_UE = np.zeros((length + 1, length), dtype=np.bool_)
    for place, event in enumerate(order_E, start=1):
        kept_UE[place:, event] = True
    log_probability_U = question.ask(kept_UE).log_probability_U
    share_E = np.zeros(length)
    share_E[order_E] = _less(log_probability_U[1:], log_probability_U[:-1])
    return share_E


def fall(question: Question, kept_UE: np.ndarray) -> np.ndarray:
    """Return ``[U]`` by how much the log-probability falls if only some events are kept, in nats."""
    whole = np.broadcast_to(question.whole.log_probability_U, len(kept_UE))
    return _less(whole, question.ask(kept_UE).log_probability_U)


def _less(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Subtract; where an item is impossible both times nothing changed: no inf - inf."""
    less: np.ndarray = np.subtract(first, second, out=np.zeros(len(second)), where=first != second)
    return less
