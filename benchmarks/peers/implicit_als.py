"""implicit 0.7: alternating least squares, which knows no order of events; runs in its own environment.

``settings`` is a list: the first is its documented default; of several, validation chooses. Histories that
training did not know get their factors from `recalculate_user`, its documented way.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix

from benchmarks.peers.exchange import Log, Questions, ndcg, write_lists

__all__ = ["quality"]


def quality(job: dict[str, Any]) -> dict[str, Any]:
    """Choose the settings on validation, train on everything, write the lists."""
    began = time.perf_counter()
    asked, history = Questions.read(job["validation"]), []
    if len(job["settings"]) > 1:
        train = _matrix(Log.read(job["search"]), job["items"])
        for settings in job["settings"]:
            model = _fit(train, settings, job["seed"])
            value = ndcg(asked, _lists(model, _matrix(asked.log, job["items"]), 10))
            history.append({"settings": settings, "validation": value})
    best = max(history, key=lambda one: one["validation"])["settings"] if history else job["settings"][0]
    searched = time.perf_counter()
    model = _fit(_matrix(Log.read(job["log"]), job["items"]), best, job["seed"])
    refit = time.perf_counter()
    write_lists(
        job["lists"], _lists(model, _matrix(Questions.read(job["questions"]).log, job["items"]), job["k"])
    )
    return {
        "history": history,
        "chosen": best,
        "search_seconds": searched - began,
        "refit_seconds": refit - searched,
        "list_seconds": time.perf_counter() - refit,
    }


def _fit(matrix: csr_matrix, settings: dict[str, Any], seed: int) -> AlternatingLeastSquares:
    model = AlternatingLeastSquares(random_state=seed, **settings)
    model.fit(matrix, show_progress=False)
    return model


def _lists(model: AlternatingLeastSquares, matrix: csr_matrix, k: int) -> np.ndarray:
    items, scores = model.recommend(
        np.arange(matrix.shape[0]), matrix, N=k, filter_already_liked_items=True, recalculate_user=True
    )
    # Where too few are left, implicit fills up with the lowest float.
    return np.where(scores > np.finfo(np.float32).min / 2, items, -1)


def _matrix(log: Log, items: int) -> csr_matrix:
    ones = np.ones(len(log.user), dtype=np.float32)
    return csr_matrix((ones, (log.user, log.item)), shape=(int(log.user.max()) + 1, items))
