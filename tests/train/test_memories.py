"""Memories are closed-form solutions: the one of what comes next equals the regression written out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from regard.data.prepare import prepare
from regard.train.memories import Kind, MemoryConfig, fit_memory

LOG = {
    "user_id": [1, 1, 1, 1, 2, 2, 2, 3],
    "item_id": list("abcababd"),
    "timestamp": [1, 2, 3, 4, 5, 6, 7, 8],
}


CIRCLE = {  # hardly any two items ever meet
    "user_id": [user for user in range(60) for _ in range(3)],
    "item_id": [f"{(user + step) % 60:02}" for user in range(60) for step in range(3)],
    "timestamp": list(range(180)),
}


def dense(log: dict[str, list[object]], kind: Kind, **settings: float) -> torch.Tensor:
    memory = fit_memory(prepare(log).dataset, kind, MemoryConfig(neighbours=59, **settings))
    assert memory is not None
    size = len(memory.item_C)
    return torch.zeros(size, size).scatter(1, memory.neighbour_CK, memory.weight_CK)


@pytest.mark.parametrize("log", [LOG, CIRCLE])
def test_the_memory_of_what_comes_next_is_the_ridge_regression_on_the_decayed_past(
    log: dict[str, list[object]],
) -> None:
    dataset, decay, ridge = prepare(log).dataset, 0.5, 2.0
    one = np.eye(len(dataset.items))
    past, came = [], []
    for row in range(len(dataset.users)):
        state = np.zeros(len(dataset.items))
        for item, after in pairwise(dataset.histories.items_of(row)):
            state = decay * state + one[item]
            past.append(state)
            came.append(one[after])
    s, n = np.array(past), np.array(came)
    wanted = np.linalg.solve(s.T @ s + ridge * one, s.T @ n)
    found = dense(log, "next", decay=decay, ridge_next=ridge).numpy()
    kept = found != 0  # all neighbours but one are kept, the strongest
    assert kept.sum() > 0
    np.testing.assert_allclose(found[kept], wanted[kept], atol=1e-5)
    for row in range(len(one)):
        strongest = np.abs(wanted[row]).argmax()
        np.testing.assert_allclose(found[row, strongest], wanted[row, strongest], atol=1e-5)


def test_order_matters_to_one_and_not_to_the_other() -> None:
    following, together = dense(LOG, "next"), dense(LOG, "together")
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
