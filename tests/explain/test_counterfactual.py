"""A set that is found works where it counts, and no smaller one does."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from tests.explain.questions import Linear, V, blended, linear, question_of

from regard.explain.counterfactual import Counterfactual, beam, greedy, in_list_without
from regard.explain.question import Question

HISTORY = [3, 1, 4, 9, 5, 0]


def smallest(question: Question) -> int | None:
    """Size of the smallest set, by trying all; popularity answers where nothing is left."""
    for size in range(1, question.length + 1):
        for removed in combinations(range(question.length), size):
            if not in_list_without(question, removed):
                return size
    return None


def first(scorer: object, k: int) -> Question:
    """The question about the first item of the list."""
    asked = question_of(scorer, HISTORY, 2)  # type: ignore[arg-type]
    best = int(asked.recommender.rank(asked.history, k=1).item_UK[0, 0])
    return question_of(scorer, HISTORY, best, k=k)  # type: ignore[arg-type]


@pytest.mark.parametrize("search", [greedy, beam])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_what_is_found_is_verified_by_the_recommender_and_needs_every_event(search: object, k: int) -> None:
    for seed in range(4):
        for scorer in (linear(seed), blended(seed)):
            question = first(scorer, k)
            found: Counterfactual = search(question, most=6)  # type: ignore[operator]
            least = smallest(question)
            assert found.found or least != 1  # one event is never missed
            if not found.found:
                continue
            assert least is not None
            assert found.verified
            assert found.rank <= k < found.rank_without
            assert len(found.removed) >= least
            assert not found.smallest or len(found.removed) == least
            for event in found.removed:
                assert in_list_without(question, tuple(e for e in found.removed if e != event)) or least == 1


def test_two_events_that_cover_for_each_other_are_found_together() -> None:
    class Either(Linear):
        def query(self, batch: object) -> torch.Tensor:
            return super().query(batch).clamp(max=2.0)  # type: ignore[arg-type]

    weight = torch.zeros(V, V)
    weight[[3, 9], 7] = 2.0
    weight[1, 8] = 1.0
    question = question_of(Either(weight), HISTORY, 7, k=1)
    for found in (greedy(question), beam(question)):
        assert found.removed == (0, 3)
        assert found.smallest
        assert found.verified
    assert greedy(question).calls == 1 + 6 + 5 + 2


def test_what_cannot_be_driven_out_or_is_not_there_is_not_found() -> None:
    weight = torch.zeros(V, V)
    weight[:, 7] = 5.0
    stays = greedy(question_of(Linear(weight), HISTORY, 7, k=1), most=3)
    assert (stays.found, stays.removed, stays.rank, stays.rank_without) == (False, (), 1, 1)
    absent = beam(question_of(Linear(weight), HISTORY, 8, k=1))
    assert (absent.found, absent.verified, absent.calls) == (False, False, 1)
    assert absent.rank > 1


def test_the_only_event_of_a_history_leaves_what_is_popular() -> None:
    weight = torch.zeros(V, V)
    weight[3, 11] = 5.0
    found = greedy(question_of(Linear(weight), [3], 11, k=2))
    assert (found.removed, found.rank_without, found.verified) == ((0,), 11, True)


def test_large_sets_give_back_what_they_do_not_need() -> None:
    rng = np.random.default_rng(0)
    for seed in range(6):
        weight = torch.from_numpy(rng.normal(size=(V, V))).float()
        weight[HISTORY, 7] = torch.rand(6, generator=torch.Generator().manual_seed(seed)) + 1.0
        question = question_of(Linear(weight), HISTORY, 7, k=2)
        found = beam(question, most=6)
        if len(found.removed) > 2:
            for event in found.removed:
                assert in_list_without(question, tuple(e for e in found.removed if e != event))
