"""Methods by slopes: how the item's log-probability moves with the gate of each event.

They cover the transformer and the item memory (`regard.explain.gates`), and cost a few passes whatever the
length of the history. What they claim holds for events made fainter, not for events removed: how far the two
agree is measured by `regard.explain.faithfulness`.

- `gradient_x_input` (Shrikumar et al., "Not Just a Black Box", 2016);
- `integrated_gradients` from vectors of zero (Sundararajan et al., "Axiomatic Attribution for Deep
  Networks", ICML 2017);
- `popular_paths`: the same from users who are nobody in particular. This is SPINRec (Barkan et al.,
  "Fidelity-Aware Recommendation Explanations via Stochastic Path Integration", 2025) brought to sequences:
  there baselines are profiles of other users and the path that explains best is kept; here each place of
  the history has an item drawn by popularity, and the path is kept whose first events, up to the share
  `KEPT`, cost most when they are removed one after the other.

Shape letters: E events of the history, S points of a path.
"""

from __future__ import annotations

import math

import numpy as np

from regard.explain.gates import slopes
from regard.explain.methods.base import Attribution
from regard.explain.question import Question

__all__ = ["KEPT", "PATHS", "STEPS", "gradient_x_input", "integrated_gradients", "popular_paths"]

STEPS = 16
"""Points of a path."""

PATHS = 6
"""Baselines that `popular_paths` draws."""

KEPT = 0.1
"""Share of the events whose removal says how good a path is."""

_GRADIENT = 3  # passes that a slope costs


def gradient_x_input(question: Question, seed: int = 0) -> Attribution:
    """Return the slopes with all gates open, in nats."""
    return Attribution(value_E=slopes(question, np.ones(1))[0], calls=_GRADIENT)


def integrated_gradients(question: Question, seed: int = 0) -> Attribution:
    """Return the mean slopes from the vector zero to what the events are, in nats.

    They add up to what all gates together do, up to the error of `STEPS` points.
    """
    return Attribution(value_E=slopes(question, _middles()).mean(axis=0), calls=_GRADIENT * STEPS)


def popular_paths(question: Question, seed: int = 0) -> Attribution:
    """Return the mean slopes from the best of a few histories of popular items, in nats."""
    draw, length = np.random.default_rng(seed), question.length
    count_V = np.where(question.recommender.known_V, question.recommender.popularity_V, 0).astype(np.float64)
    if not count_V.any():
        return integrated_gradients(question, seed)
    paths = [
        slopes(question, _middles(), nothing_E=draw.choice(len(count_V), length, p=count_V / count_V.sum()))
        for _ in range(PATHS)
    ]
    values = [Attribution(value_E=path.mean(axis=0), calls=0) for path in paths]
    first = np.arange(1, math.ceil(KEPT * length) + 1)
    place_PE = np.array([np.argsort(one.order()) for one in values])
    kept_UE = (place_PE[:, None, :] >= first[:, None]).reshape(-1, length)
    left_PF = question.ask(kept_UE).log_probability_U.reshape(PATHS, len(first))
    best = int(np.argmin(left_PF.mean(axis=1)))
    return Attribution(value_E=values[best].value_E, calls=PATHS * (_GRADIENT * STEPS + len(first)))


def _middles() -> np.ndarray:
    """Return the middles of `STEPS` equal parts of the way from 0 to 1."""
    return (np.arange(STEPS) + 0.5) / STEPS
