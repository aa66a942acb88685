"""Calibration: what turns a ranker's scores into probabilities that can be believed.

Fitted on validation data that the ranker has not learnt from, kept as JSON beside the weights, applied when
it serves. Three ways: one temperature (Guo et al., ICML 2017); a slope and a level (Platt 1999), which also
repairs the level after training with negatives that were drawn; any rising curve (isotonic regression by
pooling adjacent violators, Ayer et al. 1955), which needs a few thousand rows. The first two keep the order
of candidates; isotonic regression makes ties, so rank by the scores and not by its probabilities. It does
not know models: scores are logits. How good probabilities are is measured by `regard.evaluation.reliability`.

Shape letters: K candidates, B knots of a curve.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from regard.config import Config
from regard.errors import DataError

__all__ = ["Calibration", "CalibrationKind", "fit_calibration", "isotonic"]

CalibrationKind = Literal["none", "temperature", "platt", "isotonic"]
_STEPS = 100
_FLATTEST = 1e-3
_EDGE = 30.0  # logits beyond it are no different from certainty


class Calibration(Config):
    """How logits become probabilities.

    Attributes
    ----------
    kind
        Which way.
    slope, level
        The probability is ``sigmoid(slope * logit + level)``; a temperature is 1 / slope.
    logit, probability
        Knots of the isotonic curve: straight between them, level beyond them.

    Examples
    --------
    >>> Calibration(kind="temperature", slope=0.5).apply(np.array([0.0, 2.0])).round(3).tolist()
    [0.5, 0.731]
    >>> curve = Calibration(kind="isotonic", logit=(0.0, 1.0), probability=(0.2, 0.4))
    >>> curve.apply(np.array([-9.0, 0.5, 9.0])).round(3).tolist()
    [0.2, 0.3, 0.4]
    """

    kind: CalibrationKind = "none"
    slope: float = 1.0
    level: float = 0.0
    logit: tuple[float, ...] = ()
    probability: tuple[float, ...] = ()

    def apply(self, logit_K: np.ndarray) -> np.ndarray:
        """Return ``[K]`` float64 probabilities of logits (any shape)."""
        if self.kind == "isotonic":
            curve: np.ndarray = np.interp(logit_K, np.array(self.logit), np.array(self.probability))
            return curve
        return _sigmoid(self.slope * logit_K.astype(np.float64) + self.level)


def fit_calibration(
    kind: CalibrationKind, logit_K: np.ndarray, label_K: np.ndarray, *, weight_K: np.ndarray | None = None
) -> Calibration:
    """Fit a calibration on data that the ranker has not learnt from.

    Parameters
    ----------
    kind
        Which way.
    logit_K, label_K
        ``[K]`` scores and what happened, 1 or 0.
    weight_K
        ``[K]`` how often each candidate counts, for instance the inverse of the share of negatives that was
        kept; None: once.

    Raises
    ------
    DataError
        If scores are not finite or if there is one class only.

    Examples
    --------
    >>> logit = np.repeat([-4.0, 4.0], 100)
    >>> label = np.tile([1, 0, 0, 0, 0], 40)
    >>> label[100:] = 1 - label[100:]
    >>> fit_calibration("temperature", logit, label).apply(np.array([4.0])).round(3).tolist()
    [0.8]
    """
    if kind == "none":
        return Calibration()
    logit, label = logit_K.astype(np.float64), label_K.astype(np.float64)
    if not np.isfinite(logit).all():
        row = int(np.flatnonzero(~np.isfinite(logit))[0])
        raise DataError(f"calibration: the score of row {row} is {logit[row]}; all scores must be finite")
    if len(label) == 0 or label.min() == label.max():
        raise DataError(
            f"calibration: all {len(label)} labels are alike; use validation data that hold both classes"
        )
    weight = np.ones(len(logit)) if weight_K is None else weight_K.astype(np.float64)
    if kind == "isotonic":
        return isotonic(logit, label, weight)
    free = np.array([True, kind == "platt"])
    start, within = np.array([1.0, 0.0]), np.clip(logit, -_EDGE, _EDGE)
    slope, level = _newton(within, label, weight, free=free, start=start)
    if slope < _FLATTEST:  # scores that run against the labels: keep their order, say next to nothing
        flat = np.array([_FLATTEST, 0.0])
        slope, level = _newton(within, label, weight, free=free & [False, True], start=flat)
    return Calibration(kind=kind, slope=float(slope), level=float(level))


def isotonic(logit_K: np.ndarray, label_K: np.ndarray, weight_K: np.ndarray) -> Calibration:
    """Return the rising curve with the smallest squared error.

    Examples
    --------
    >>> isotonic(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0]), np.ones(3)).probability
    (0.0, 0.5, 0.5)
    """
    place, row = np.unique(logit_K, return_inverse=True)
    weight = np.bincount(row, weights=weight_K)
    mean = np.bincount(row, weights=weight_K * label_K) / np.where(weight > 0, weight, 1.0)
    place, mean, weight = place[weight > 0], mean[weight > 0], weight[weight > 0]
    height: list[float] = []  # of each block, rising
    mass: list[float] = []
    first: list[int] = []
    for i, (y, w) in enumerate(zip(mean.tolist(), weight.tolist(), strict=True)):
        start = i
        while height and height[-1] >= y:
            above, before = height.pop(), mass.pop()
            y = (above * before + y * w) / (before + w)  # noqa: PLW2901 - the block grows to the left
            w += before  # noqa: PLW2901
            start = first.pop()
        height.append(y)
        mass.append(w)
        first.append(start)
    last = [*(start - 1 for start in first[1:]), len(place) - 1]
    knots = [
        (float(place[at]), y)
        for start, end, y in zip(first, last, height, strict=True)
        for at in dict.fromkeys((start, end))
    ]
    return Calibration(
        kind="isotonic", logit=tuple(x for x, _ in knots), probability=tuple(y for _, y in knots)
    )


def _newton(
    logit: np.ndarray, label: np.ndarray, weight: np.ndarray, *, free: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Return slope and level of the smallest log-loss: convex, so that damped Newton steps find it."""
    feature = np.stack([logit, np.ones(len(logit))])
    found = start
    ridge = 1e-9 * weight.sum()  # keeps separable data from running to infinity
    loss = _loss(found, feature, label, weight, ridge)
    for _ in range(_STEPS):
        chance = _sigmoid(found @ feature)
        slope = feature @ (weight * (chance - label)) + ridge * found
        curve = (feature * (weight * chance * (1 - chance))) @ feature.T + ridge * np.eye(2)
        step = np.zeros(2)
        step[free] = np.linalg.solve(curve[np.ix_(free, free)], slope[free])
        size = 1.0
        while size > 1e-6 and _loss(found - size * step, feature, label, weight, ridge) > loss:
            size /= 2
        found = found - size * step
        better = _loss(found, feature, label, weight, ridge)
        if loss - better < 1e-12 * abs(loss):
            break
        loss = better
    return found


def _loss(
    found: np.ndarray, feature: np.ndarray, label: np.ndarray, weight: np.ndarray, ridge: float
) -> float:
    score = found @ feature
    return float((weight * (np.logaddexp(0, score) - label * score)).sum() + ridge * (found @ found) / 2)


def _sigmoid(score: np.ndarray) -> np.ndarray:
    probability: np.ndarray = np.exp(-np.logaddexp(0, -score))
    return probability
