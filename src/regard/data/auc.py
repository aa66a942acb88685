"""AUC: how well a number separates rows with a label from rows without it. Ties count half.

Both the checks of data (a column that gives the label away) and the evaluation of a ranker need it. The
order of the scores is found once (`Ranking`), so that bootstrap samples, which only change the weights of
rows, cost one pass each.

Shape letters: R rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Ranking", "auc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Scores in order, ties known.

    Parameters
    ----------
    order_R
        ``[R]`` rows from the lowest score to the highest.
    first_G
        ``[G]`` where each group of equal scores begins in that order.
    """

    order_R: np.ndarray
    first_G: np.ndarray

    @classmethod
    def of(cls, score_R: np.ndarray) -> Ranking:
        """Sort scores; none may be NaN."""
        assert not np.isnan(score_R).any()
        order = np.argsort(score_R, kind="stable")
        ordered = score_R[order]
        changed = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
        return cls(order_R=order, first_G=np.concatenate([np.zeros(1, dtype=np.int64), changed]))

    def auc(self, label_R: np.ndarray, weight_R: np.ndarray | None = None) -> float:
        """Return the share of pairs (positive, negative) in which the positive is higher; ties count half.

        Parameters
        ----------
        label_R
            ``[R]`` 1 or 0, in the order of the rows.
        weight_R
            ``[R]`` how often each row counts; None: once.

        Returns
        -------
        float
            NaN where one of the two classes has no weight.
        """
        label = label_R[self.order_R].astype(np.float64)
        weight = np.ones(len(label)) if weight_R is None else weight_R[self.order_R].astype(np.float64)
        positive = np.add.reduceat(label * weight, self.first_G)
        negative = np.add.reduceat((1 - label) * weight, self.first_G)
        pairs = positive.sum() * negative.sum()
        if pairs == 0:
            return float("nan")
        below = np.cumsum(negative) - negative
        return float((positive * (below + negative / 2)).sum() / pairs)


def auc(label_R: np.ndarray, score_R: np.ndarray, weight_R: np.ndarray | None = None) -> float:
    """Return the area under the ROC curve (Hanley and McNeil 1982); NaN where only one class is there.

    Examples
    --------
    >>> auc(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.9]))
    0.875
    """
    if len(label_R) == 0:
        return float("nan")
    return Ranking.of(score_R).auc(label_R, weight_R)
