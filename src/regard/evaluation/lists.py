"""What lists are like beyond accuracy: alike within, in the mix of the history, spread over the catalogue.

Values are kept user by user where they belong to a user, so that intervals and paired tests are possible.
Coverage, Gini coefficient and novelty of all lists together are those of `regard.evaluation.metrics`. It
knows neither models nor how lists were made.

Shape letters: U users, K places of a list, V items, D width of a vector, G categories, T events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from regard.data.histories import Histories
from regard.evaluation.metrics import Beyond, beyond_accuracy

__all__ = ["ListQuality", "calibration_kl", "intra_list_diversity", "judge_lists", "shares_of"]

_SMOOTH = 0.01
_USERS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuality:
    """Lists beyond accuracy.

    Parameters
    ----------
    beyond
        Coverage, Gini coefficient, popularity and novelty of all lists.
    diversity
        Mean of `intra_list_diversity`; None where no list has two items that can be compared.
    calibration
        Mean of `calibration_kl`, lower is better; None where no user has a history with categories.
    """

    beyond: Beyond
    diversity: float | None
    calibration: float | None


def judge_lists(
    item_UK: np.ndarray,
    *,
    histories: Histories,
    popularity_V: np.ndarray,
    vectors_VD: np.ndarray,
    share_VG: np.ndarray,
) -> ListQuality:
    """Describe lists (``[U, K]``, -1 for an empty place).

    Parameters
    ----------
    histories
        ``[U]`` what the users had.
    popularity_V
        ``[V]`` number of training events of each item.
    vectors_VD
        ``[V, D]`` vectors by which items are alike or not.
    share_VG
        ``[V, G]`` shares of categories in each item, as of `shares_of`.
    """
    return ListQuality(
        beyond=beyond_accuracy(item_UK, popularity_V),
        diversity=_mean(intra_list_diversity(item_UK, vectors_VD)),
        calibration=_mean(calibration_kl(item_UK, histories, share_VG)),
    )


def intra_list_diversity(item_UK: np.ndarray, vectors_VD: np.ndarray) -> np.ndarray:
    """Return ``[U]`` mean of 1 - cosine over the pairs of a list; NaN for a list with less than two vectors.

    Intra-list similarity (Ziegler et al., "Improving Recommendation Lists Through Topic Diversification", WWW
    2005) turned round, as a mean over pairs. An item whose vector is zero has no direction and is left out.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0], [2, 0], [0, 1]])
    >>> intra_list_diversity(np.array([[0, 1], [0, 2], [0, -1]]), vectors).tolist()
    [0.0, 1.0, nan]
    """
    norm = np.linalg.norm(vectors_VD, axis=1, keepdims=True)
    unit_VD = vectors_VD / np.where(norm > 0, norm, 1.0)
    has_UK = (item_UK >= 0) & (norm[item_UK, 0] > 0)
    count_U = has_UK.sum(axis=1)
    cosine_U = np.empty(len(item_UK))
    for first in range(0, len(item_UK), _USERS):
        part = slice(first, first + _USERS)
        unit_UKD = unit_VD[item_UK[part]] * has_UK[part, :, None]
        # The squared length of the sum is the sum over all pairs, each with itself included.
        cosine_U[part] = (unit_UKD.sum(axis=1) ** 2).sum(axis=1) - count_U[part]
    pairs_U = count_U * (count_U - 1)
    return np.where(pairs_U > 0, 1 - cosine_U / np.maximum(pairs_U, 1), np.nan)


def calibration_kl(item_UK: np.ndarray, histories: Histories, share_VG: np.ndarray) -> np.ndarray:
    """Return ``[U]`` KL(p || q) in nats between the categories of the history (p) and of the list (q).

    Steck, "Calibrated Recommendations", RecSys 2018: each event weighs the same, each place too, and q is
    smoothed as ``0.99 q + 0.01 p``, so that a category that the list lacks costs much but not everything.
    Items without a category are left out of both; NaN for a user whose history has none. A list without any
    is as far off as can be: log 100.

    Examples
    --------
    >>> shares = np.eye(2)
    >>> history = Histories.of([[0, 1], [0], []])
    >>> calibration_kl(np.array([[1, 0], [0, 0], [0, 1]]), history, shares).round(2).tolist()
    [0.0, 0.0, nan]
    """
    wanted_UG = _mix(histories.rows(), histories.item[histories.events()], share_VG, len(item_UK))
    row, place = np.nonzero(item_UK >= 0)
    smooth_UG = (1 - _SMOOTH) * _mix(row, item_UK[row, place], share_VG, len(item_UK)) + _SMOOTH * wanted_UG
    known = wanted_UG > 0
    ratio = np.divide(wanted_UG, smooth_UG, out=np.ones_like(wanted_UG), where=known)
    divergence_U = (wanted_UG * np.log(ratio)).sum(axis=1)
    return np.where(known.any(axis=1), divergence_U, np.nan)


def shares_of(categories: pl.Series) -> np.ndarray:
    """Return ``[V, G]`` shares of a column of categories, or of lists of them: 1/n for each of n.

    Examples
    --------
    >>> shares_of(pl.Series([["War", "Drama"], ["Drama"], None])).tolist()
    [[0.5, 0.5], [1.0, 0.0], [0.0, 0.0]]
    """
    frame = pl.DataFrame({"row": np.arange(len(categories)), "value": categories})
    if isinstance(categories.dtype, pl.List):
        frame = frame.explode("value", empty_as_null=False, keep_nulls=False)
    frame = frame.drop_nulls().unique()
    name, code = np.unique(frame["value"].cast(pl.String).to_numpy(), return_inverse=True)
    shares = np.zeros((len(categories), len(name)))
    shares[frame["row"].to_numpy(), code] = 1
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    return shares


def _mix(row_T: np.ndarray, item_T: np.ndarray, share_VG: np.ndarray, users: int) -> np.ndarray:
    """Return ``[U, G]`` mean shares of the items of each user that have a category."""
    mix_UG = np.zeros((users, share_VG.shape[1]))
    for category in range(share_VG.shape[1]):
        mix_UG[:, category] = np.bincount(row_T, weights=share_VG[item_T, category], minlength=users)
    total_U = mix_UG.sum(axis=1, keepdims=True)
    mean_UG: np.ndarray = mix_UG / np.where(total_U > 0, total_U, 1.0)
    return mean_UG


def _mean(values_U: np.ndarray) -> float | None:
    known = values_U[~np.isnan(values_U)]
    return float(known.mean()) if len(known) else None
