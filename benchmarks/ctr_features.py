"""Hand-made features of a click task, as a careful person makes them for a linear model or gradient boosting.

Nothing of a row's own label, of its future or of the future of other users is in its features. Rates of items
and likeness between items come from earlier parts alone: for rows of training from what came before them, or
from other users; for later rows from all of training. What a user did before a row counts up to that row, as
it does for the ranker.

Shape letters: K rows, V items, G genres, F features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["NAMES", "ClickLog", "features"]

NAMES = (
    "item rate",
    "item count",
    "user rate",
    "user count",
    "history length",
    "since last",
    "genre overlap",
    "genre rate",
    "mean likeness",
    "highest likeness",
    "neighbours' rate",
    "neighbours' weight",
    "recent rate",
    "year",
    "hour",
    "weekday",
)
_FOLDS = 5
_PRIOR = 10.0  # rows that a rate is smoothed by


@dataclass(frozen=True)
class ClickLog:
    """K rows in the order of time.

    Parameters
    ----------
    user, item, time, label
        ``[K]``; times in seconds.
    part
        ``[K]`` 0 for training, 1 for validation, 2 for the test.
    genre
        ``[V, G]`` 0 or 1.
    year
        ``[V]``.
    """

    user: np.ndarray
    item: np.ndarray
    time: np.ndarray
    label: np.ndarray
    part: np.ndarray
    genre: np.ndarray
    year: np.ndarray


def features(log: ClickLog) -> np.ndarray:
    """Return ``[K, F]`` float64, in the order of `NAMES`."""
    made = np.zeros((len(log.user), len(NAMES)))
    made[:, 0:2] = _item_rates(log)
    everybody = np.ones(int(log.user.max()) + 1, dtype=bool)
    earlier = {part: _likeness(log, everybody, part) for part in (1, 2)}
    fold = np.arange(int(log.user.max()) + 1) % _FOLDS
    of_others = [_likeness(log, fold != number, 1) for number in range(_FOLDS)]
    mean = float(log.label[log.part == 0].mean())
    order = np.lexsort((np.arange(len(log.user)), log.time, log.user))
    for rows in np.split(order, np.flatnonzero(np.diff(log.user[order])) + 1):
        other = of_others[fold[log.user[rows[0]]]]
        early = np.searchsorted(log.time[rows], log.time[rows], side="left")
        for place, row in enumerate(rows.tolist()):
            like = earlier.get(int(log.part[row]), other)
            made[row, 2:13] = _of_user(log, row, rows[: early[place]], like, mean)
    made[:, 13] = log.year[log.item]
    made[:, 14] = log.time // 3600 % 24
    made[:, 15] = log.time // 86_400 % 7
    return made


def _item_rates(log: ClickLog) -> np.ndarray:
    """Return ``[K, 2]`` smoothed rate and logarithm of the count of each row's item in what is known."""
    shown, clicked = np.zeros(len(log.year)), np.zeros(len(log.year))
    first_test = int(np.flatnonzero(log.part == 2)[np.argmin(log.time[log.part == 2])])
    mean = float(log.label[log.part == 0].mean())
    made = np.zeros((len(log.user), 2))
    for row in np.argsort(log.time, kind="stable").tolist():
        item = log.item[row]
        if row == first_test:
            late = log.part == 1
            shown += np.bincount(log.item[late], minlength=len(shown))
            clicked += np.bincount(log.item[late], weights=log.label[late], minlength=len(shown))
        made[row] = (clicked[item] + _PRIOR * mean) / (shown[item] + _PRIOR), np.log1p(shown[item])
        if log.part[row] == 0:
            shown[item] += 1
            clicked[item] += log.label[row]
    return made


def _likeness(log: ClickLog, users: np.ndarray, part: int) -> np.ndarray:
    """Return ``[V, V]`` float32 cosine, shrunk, of the outcomes that items had with users before a part."""
    items = len(log.year)
    rows = np.flatnonzero((log.part < part) & users[log.user])
    matrix = np.zeros((int(log.user.max()) + 1, items), dtype=np.float32)
    matrix[log.user[rows], log.item[rows]] = np.where(log.label[rows] > 0, 1.0, -1.0)
    shared = matrix.T @ matrix
    count = np.abs(matrix).sum(0)
    likeness = shared / (np.sqrt(np.outer(count, count)) + _PRIOR)
    np.fill_diagonal(likeness, 0.0)
    return likeness


def _of_user(
    log: ClickLog, row: int, past: np.ndarray, likeness: np.ndarray, mean: float
) -> tuple[float, ...]:
    """Return the features from what the user did before a row."""
    if len(past) == 0:
        return (mean, 0.0, 0.0, 20.0, 0.0, mean, 0.0, 0.0, mean, 0.0, mean)
    item, label = log.item[row], log.label[past]
    had = past[label > 0]
    near = likeness[item, log.item[past]]
    genre = log.genre[item]
    shared = log.genre[log.item[past]] @ genre
    positive = near[label > 0]
    weight = np.abs(near)
    return (
        (label.sum() + _PRIOR * mean) / (len(past) + _PRIOR),
        float(np.log1p(len(past))),
        float(np.log1p(len(had))),
        float(np.log1p(log.time[row] - log.time[past[-1]])),
        float((log.genre[log.item[had]] @ genre).mean() / max(genre.sum(), 1)) if len(had) else 0.0,
        (float(shared @ label) + _PRIOR * mean) / (float(shared.sum()) + _PRIOR),
        float(positive.mean()) if len(positive) else 0.0,
        float(positive.max()) if len(positive) else 0.0,
        (float(near @ (label - mean)) / (float(weight.sum()) + 0.1)) + mean,
        float(weight.sum()),
        (float(label[-10:].sum()) + 2 * mean) / (len(label[-10:]) + 2),
    )
