"""Memories are closed-form solutions: the one of what comes next equals the regression written out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch

from regard.data.prepare import prepare
from regard.train.memories import MemoryConfig, fit_memory

LOG = {
    "user_id": [1, 1, 1, 1, 2, 2, 2, 3],
    "item_id": list("abcababd"),
    "timestamp": [1, 2, 3, 4, 5, 6, 7, 8],
}


def dense(kind: str, **settings: object) -> torch.Tensor:
    memory = fit_memory(prepare(LOG).dataset, kind, MemoryConfig(neighbours=10, **settings))
    assert memory is not None
    size = len(memory.item_C)
    return torch.zeros(size, size).scatter(1, memory.neighbour_CK, memory.weight_CK)


def test_the_memory_of_what_comes_next_is_the_ridge_regression_on_the_decayed_past() -> None:
    dataset, decay, ridge = prepare(LOG).dataset, 0.5, 2.0
    past, came = [], []
    for row in range(len(dataset.users)):
        state = np.zeros(4)
        items = dataset.histories.items_of(row)
        for item, after in pairwise(items):
            state = decay * state + np.eye(4)[item]
            past.append(state)
            came.append(np.eye(4)[after])
    s, n = np.array(past), np.array(came)
    wanted = np.linalg.solve(s.T @ s + ridge * np.eye(4), s.T @ n)
    found = dense("next", decay=decay, ridge_next=ridge).numpy()
    kept = found != 0  # of four items, three neighbours are kept
    np.testing.assert_allclose(found[kept], wanted[kept], atol=1e-5)
    assert (np.abs(wanted[~kept]) <= np.abs(found).max() + 1e-6).all()


def test_order_matters_to_one_and_not_to_the_other() -> None:
    following, together = dense("next"), dense("together")
    assert following[0, 1] > following[1, 0]
    assert torch.allclose(together[0, 1] > 0, together[1, 0] > 0)


def test_a_log_of_one_item_has_no_memory() -> None:
    whole = prepare(LOG).dataset
    nobody = replace(
        whole.histories,
        stop=np.minimum(whole.histories.stop, whole.histories.start + np.eye(3, dtype=int)[0]),
    )
    assert fit_memory(whole.part(nobody), "next", MemoryConfig()) is None


def test_only_the_most_frequent_items_are_covered() -> None:
    memory = fit_memory(prepare(LOG).dataset, "next", MemoryConfig(items=2))
    assert memory is not None
    assert memory.item_C.tolist() == [0, 1]
