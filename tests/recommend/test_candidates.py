"""Sources propose, candidates are merged without duplicates, and values are isolated."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from regard.data.histories import Histories
from regard.evaluation.neighbours import ItemKNN
from regard.evaluation.popularity import Popularity
from regard.pipeline import Pipeline
from regard.recommend.candidates import Source, boards_of, propose, spread_of, values_at
from regard.recommend.filters import Allowed

KNOWN = np.array([True, True, True, True, True, False])
HISTORIES = Histories.of([[0, 1], [4, 5]])


@pytest.fixture
def sources() -> tuple[Source, ...]:
    popular = Popularity(score_V=torch.tensor([0.0, 5.0, 4.0, 3.0, 2.0, 9.0]))
    # The item 0 speaks for 3, and 4 for 2.
    similar = ItemKNN(
        offsets=np.array([0, 1, 1, 1, 1, 2, 2]),
        item_E=np.array([3, 2]),
        weight_E=np.array([0.5, 0.25], dtype=np.float32),
    )
    return (
        Source(name="popular", scorer=popular, count=2, odds=True),
        Source(name="similar", scorer=similar, count=3, positive=True),
    )


def test_each_pair_is_one_candidate_with_the_rank_of_every_source(sources: tuple[Source, ...]) -> None:
    boards = boards_of(sources, HISTORIES, known_V=KNOWN)
    allowed = Allowed(known_V=KNOWN).without_seen(HISTORIES)
    found = propose(sources, boards, allowed=allowed)
    pairs = list(zip(found.row_S.tolist(), found.item_S.tolist(), found.rank_SN.tolist(), strict=True))
    # What was seen (0 and 1) is not proposed, nor what training does not know (5).
    assert pairs == [(0, 2, [1, 0]), (0, 3, [2, 1]), (1, 1, [1, 0]), (1, 2, [2, 1])]
    assert found.offsets.tolist() == [0, 2, 4]


def test_a_source_says_nothing_of_what_it_does_not_know(sources: tuple[Source, ...]) -> None:
    boards = boards_of(sources, HISTORIES, known_V=KNOWN)
    value = values_at(boards, np.array([0, 0]), np.array([3, 2]))
    assert value[0, 1] == 0.5
    assert np.isnan(value[1, 1])
    assert torch.isneginf(boards[0][:, 5]).all()
    torch.testing.assert_close(boards[0].exp().sum(dim=1), torch.ones(2))


def test_a_scale_is_a_temperature_and_tells_how_far_values_lie_apart(sources: tuple[Source, ...]) -> None:
    wide = Source(name="popular", scorer=sources[0].scorer, count=3, odds=True, scale=2.0)
    narrow = Source(name="popular", scorer=sources[0].scorer, count=3, odds=True)
    spreads = [spread_of(one, HISTORIES, known_V=KNOWN) for one in (wide, narrow)]
    assert np.isclose(spreads[0], 2 * spreads[1])


def test_wishes_change_candidates_and_no_value(pipeline: Pipeline) -> None:
    recommender, second = pipeline.recommender, pipeline.second
    one = recommender.histories.take(np.array([3]))
    wish = np.zeros(len(recommender.items), dtype=bool)
    wish[::2] = True
    known_V = recommender.known_V
    free = second.judge(one, allowed=Allowed(known_V=known_V), known_V=known_V)
    bound = second.judge(one, allowed=Allowed(known_V=known_V, only_V=wish), known_V=known_V)
    assert set(bound.proposals.item_S.tolist()) <= set(np.flatnonzero(wish).tolist())
    same = np.isin(free.proposals.item_S, bound.proposals.item_S)
    again = np.isin(bound.proposals.item_S, free.proposals.item_S)
    assert same.any()
    assert np.array_equal(free.retrieval_S[same], bound.retrieval_S[again])
