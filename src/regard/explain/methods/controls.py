"""Controls: orders that know nothing of the model. What cannot beat them explains nothing.

The latest events first is the stronger one: models of sequences hear them best.
"""

from __future__ import annotations

import numpy as np

from regard.explain.methods.base import Attribution
from regard.explain.question import Question

__all__ = ["latest_first", "random_order"]


def random_order(question: Question, seed: int = 0) -> Attribution:
    """Return numbers drawn at random; the same question and seed draw the same."""
    draw = np.random.default_rng([seed, question.item, int(question.history.items_of(0).sum())])
    return Attribution(value_E=draw.random(question.length), calls=0)


def latest_first(question: Question, seed: int = 0) -> Attribution:
    """Return 1 for the oldest event, 2 for the next, and so on."""
    return Attribution(value_E=np.arange(1.0, question.length + 1), calls=0)
