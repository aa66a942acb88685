"""A state that is remembered is the state that would be computed."""

from __future__ import annotations

import numpy as np
import torch

from regard.data.packing import PackedBatch
from regard.pipeline import Pipeline
from regard.serve.remembered import RememberingScorer, States, remembering
from regard.serve.snapshot import Snapshot


def scorer_of(shop: Snapshot, capacity: int = 1 << 20) -> RememberingScorer:
    scorer = remembering(shop.model.recommender, capacity).scorer
    assert isinstance(scorer, RememberingScorer)
    return scorer


def batch(shop: Snapshot, rows: list[int]) -> PackedBatch:
    recommender = shop.model.recommender
    return PackedBatch.of(recommender.read(recommender.histories.take(np.array(rows))))


@torch.inference_mode()
def test_a_batch_of_old_and_new_histories_has_the_states_of_new_ones(shop: Snapshot) -> None:
    scorer = scorer_of(shop)
    scorer.query(batch(shop, [3, 1]))
    mixed = batch(shop, [1, 7, 3, 8])
    query, fresh = scorer.query(mixed), shop.model.recommender.scorer.query(mixed)
    assert torch.allclose(query.states_UD, fresh.states_UD, rtol=1e-5, atol=1e-6)
    assert query.sums_UC is None or torch.equal(query.sums_UC, fresh.sums_UC)
    assert (scorer.states.found, scorer.states.made) == (2, 4)


@torch.inference_mode()
def test_one_more_event_another_time_or_another_user_is_another_history(shop: Snapshot) -> None:
    scorer, one = scorer_of(shop), batch(shop, [3])
    scorer.query(one)
    less = PackedBatch(
        item_T=one.item_T[1:],
        time_T=one.time_T[1:],
        offsets=torch.tensor([0, len(one.item_T) - 1]),
        user_U=one.user_U,
    )
    later = PackedBatch(item_T=one.item_T, time_T=one.time_T + 1, offsets=one.offsets, user_U=one.user_U)
    other = PackedBatch(item_T=one.item_T, time_T=one.time_T, offsets=one.offsets, user_U=one.user_U + 1)
    for changed in (less, later, other):
        scorer.query(changed)
    assert (scorer.states.found, len(scorer.states)) == (0, 4)


def test_what_was_not_used_for_the_longest_leaves_first() -> None:
    states = States(3 * (250 + 4 * 8))
    for key in (b"a", b"b", b"c"):
        states.keep(key, torch.zeros(8))
    assert states.get(b"a") is not None
    states.keep(b"d", torch.zeros(8))
    assert [states.get(key) is not None for key in (b"a", b"b", b"c", b"d")] == [True, False, True, True]


def test_a_model_of_two_stages_is_left_as_it_is(pipeline: Pipeline) -> None:
    assert remembering(pipeline.recommender, 1 << 20) is pipeline.recommender
