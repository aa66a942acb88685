"""What Regard's ranker is compared with on a click task, each with its settings chosen on validation alone.

Every system takes a `Task` and a seed and returns logits of validation and test (`Scored`). It knows no metric
but the AUC that chooses settings.

Shape letters: K rows, F features, D width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.ctr_features import ClickLog
from regard.data.auc import Ranking

__all__ = ["SYSTEMS", "Scored", "Task"]

_EDGE = 1e-6


@dataclass(frozen=True)
class Task:
    """The log with its hand-made features.

    Parameters
    ----------
    log
        Rows in the order of time.
    feature
        ``[K, F]``.
    """

    log: ClickLog
    feature: np.ndarray

    def rows(self, part: int) -> np.ndarray:
        """Return the rows of training (0), validation (1) or the test (2)."""
        return np.flatnonzero(self.log.part == part)


@dataclass(frozen=True)
class Scored:
    """Logits of validation and test, and what was chosen."""

    valid: np.ndarray
    test: np.ndarray
    chosen: str


def popularity(task: Task, seed: int) -> Scored:
    """Return the smoothed rate of the item."""
    rate = task.feature[:, 0]
    logit = np.log(rate / (1 - rate))
    return Scored(logit[task.rows(1)], logit[task.rows(2)], "smoothed by 10 rows")


def linear(task: Task, seed: int) -> Scored:
    """Return logistic regression on standardised features and their squares."""
    train, valid, test = (task.rows(part) for part in range(3))
    both = np.concatenate([task.feature, task.feature**2], axis=1)
    x = StandardScaler().fit(both[train]).transform(both)
    found = []
    for strength in (0.003, 0.03, 0.3, 3.0):
        model = LogisticRegression(C=strength, max_iter=500).fit(x[train], task.log.label[train])
        logit = model.decision_function(x)
        found.append((_auc(task, logit[valid]), Scored(logit[valid], logit[test], f"C={strength}")))
    return max(found, key=lambda one: one[0])[1]


def boosting(task: Task, seed: int) -> Scored:
    """Return gradient boosting; rows of training are drawn anew for each seed by its own choice of bins."""
    train, valid, test = (task.rows(part) for part in range(3))
    label = task.log.label
    found = []
    for leaves, least, share in product((7, 15, 31), (40, 120), (0.4, 1.0)):
        model = HistGradientBoostingClassifier(
            learning_rate=0.05,
            max_iter=300,
            max_leaf_nodes=leaves,
            min_samples_leaf=least,
            max_features=share,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=seed,
        ).fit(task.feature[train], label[train])
        staged = [_logit(chance[:, 1]) for chance in model.staged_predict_proba(task.feature[valid])]
        scores = [_auc(task, logit) for logit in staged[::10]]
        best = 10 * int(np.argmax(scores))
        chosen = f"{leaves} leaves of {least}, features {share}, {best + 1} trees"
        for stage, chance in enumerate(model.staged_predict_proba(task.feature[test])):
            if stage == best:
                found.append((max(scores), Scored(staged[best], _logit(chance[:, 1]), chosen)))
    return max(found, key=lambda one: one[0])[1]


def factorisation(task: Task, seed: int) -> Scored:
    """Return logistic matrix factorisation with biases; users and items that training lacks have none."""
    found = [
        _factorised(task, seed, width=width, decay=decay)
        for width, decay in product((8, 32), (0.03, 0.3, 1.0))
    ]
    return max(found, key=lambda one: one[0])[1]


class _Factors(nn.Module):
    def __init__(self, users: int, items: int, width: int) -> None:
        super().__init__()
        self.user, self.item = (nn.Embedding(count, width) for count in (users, items))
        self.user_bias, self.item_bias = (nn.Embedding(count, 1) for count in (users, items))
        self.level = nn.Parameter(torch.zeros(()))
        for table in (self.user, self.item):
            nn.init.normal_(table.weight, std=0.05)
        for table in (self.user_bias, self.item_bias):
            nn.init.zeros_(table.weight)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        bias = self.user_bias(user)[:, 0] + self.item_bias(item)[:, 0]
        return (self.user(user) * self.item(item)).sum(1) + bias + self.level


def _factorised(task: Task, seed: int, *, width: int, decay: float) -> tuple[float, Scored]:
    torch.manual_seed(seed)
    log = task.log
    train, valid, test = (task.rows(part) for part in range(3))
    user, item, label = (
        torch.from_numpy(array.astype(np.int64)) for array in (log.user, log.item, log.label)
    )
    model = _Factors(int(log.user.max()) + 1, len(log.year), width)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=decay)
    best: tuple[float, Scored] | None = None
    for epoch in range(1, 16):
        for rows in torch.from_numpy(train)[torch.randperm(len(train))].split(512):
            loss = F.binary_cross_entropy_with_logits(model(user[rows], item[rows]), label[rows].float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            logit = model(user, item).numpy()
        value = _auc(task, logit[valid])
        if best is None or value > best[0]:
            chosen = f"width {width}, decay {decay}, {epoch} epochs"
            best = value, Scored(logit[valid], logit[test], chosen)
    assert best is not None
    return best


SYSTEMS: dict[str, Callable[[Task, int], Scored]] = {
    "popularity": popularity,
    "matrix factorisation": factorisation,
    "logistic regression, hand-made features": linear,
    "gradient boosting, hand-made features": boosting,
}


def _auc(task: Task, logit_valid: np.ndarray) -> float:
    return Ranking.of(logit_valid).auc(task.log.label[task.rows(1)])


def _logit(chance: np.ndarray) -> np.ndarray:
    sure = np.clip(chance, _EDGE, 1 - _EDGE)
    logit: np.ndarray = np.log(sure / (1 - sure))
    return logit
