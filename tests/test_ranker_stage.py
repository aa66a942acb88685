"""A ranker behind retrieval: it reads what it knows by its own numbers, and candidates are isolated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from regard.attached import AttachedPipeline
from regard.data.histories import Histories
from regard.data.impressions import Impressions
from regard.ranker_stage import KNOWN
from regard.recommend.filters import Allowed
from regard.recommend.second_stage import Judged

USERS = np.array([0, 7, 30])


def judge(both: AttachedPipeline, histories: Histories, *, least: int = 10) -> Judged:
    known_V, second = both.recommender.known_V, both.second
    stage = replace(second, sources=(replace(second.sources[0], count=10),))
    return stage.judge(histories, allowed=Allowed(known_V=known_V), known_V=known_V, least=least)


def histories(both: AttachedPipeline, rows: np.ndarray = USERS) -> Histories:
    found = both.recommender.histories.take(rows)
    return replace(found, user=rows)


def by_pair(judged: Judged) -> dict[tuple[int, int], float]:
    found = judged.proposals
    pairs = zip(found.row_S.tolist(), found.item_S.tolist(), strict=True)
    return dict(zip(pairs, judged.ranker_S.tolist(), strict=True))


@pytest.mark.parametrize("kind", ["shown", "clicked", "given", "none"])
def test_a_score_depends_on_no_other_candidate_and_no_other_history(
    attached_of_kind: dict[str, AttachedPipeline], kind: str
) -> None:
    both = attached_of_kind[kind]
    few, many = (by_pair(judge(both, histories(both), least=least)) for least in (10, 60))
    assert len(many) > len(few) > 3
    assert np.allclose([few[pair] for pair in few], [many[pair] for pair in few], atol=1e-5)
    for place, user in enumerate(USERS):
        alone = by_pair(judge(both, histories(both, np.array([user]))))
        assert np.allclose([few[place, item] for _, item in alone], list(alone.values()), atol=1e-5)


def test_it_is_the_score_of_the_ranker_for_the_same_user_item_and_moment(
    attached_of_kind: dict[str, AttachedPipeline],
) -> None:
    both = attached_of_kind["shown"]
    ranker, asked = both.second.ranker, int(both.second.ranker.past.known.time_N.max()) + 10**9
    users = both.dataset.users.encode(["u3", "u50", "u7"])
    judged = judge(both, replace(histories(both, users), asked=np.full(3, asked)), least=60)
    ids = both.dataset.items.decode(judged.proposals.item_S)
    item_S = ranker.items.encode(ids)
    user_I = ranker.users.encode(both.dataset.users.decode(users))
    shown = Impressions(
        offsets=judged.proposals.offsets,
        user_I=user_I,
        time_I=np.full(3, asked),
        item_K=item_S,
        labels={},
    )
    assert (user_I >= 0).all()
    assert np.allclose(judged.ranker_S, ranker.logits(shown)[:, 0], atol=1e-5)
    assert np.array_equal(judged.more[KNOWN], item_S >= 0)
    assert 0 < judged.more[KNOWN].sum() < len(item_S)


def test_of_a_user_it_does_not_know_it_reads_the_history_of_retrieval(
    attached_of_kind: dict[str, AttachedPipeline],
) -> None:
    both = attached_of_kind["shown"]
    nobody = replace(histories(both), user=np.full(len(USERS), -1))
    scores = by_pair(judge(both, nobody))
    turned = replace(nobody.take(np.array([1, 2, 0])), user=np.full(len(USERS), -1))
    other = by_pair(judge(both, turned))
    pairs = [pair for pair in scores if pair in other]
    assert not np.allclose([scores[pair] for pair in pairs], [other[pair] for pair in pairs], atol=1e-4)


def test_where_nothing_is_allowed_there_is_no_candidate(
    attached_of_kind: dict[str, AttachedPipeline],
) -> None:
    both = attached_of_kind["shown"]
    known_V = both.recommender.known_V
    nothing = Allowed(known_V=np.zeros_like(known_V))
    judged = both.second.judge(histories(both), allowed=nothing, known_V=known_V)
    assert len(judged.score_S) == 0
    assert set(judged.more) == set(both.second.columns)
