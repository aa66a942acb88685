"""Laws of the second stage: candidates are isolated, histories alone, and weight 0 is the order of retrieval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from regard.pipeline import Pipeline
from regard.recommend.filters import Allowed
from regard.recommend.second_stage import Judged, value_columns

USERS = np.array([0, 7, 30])


def judge(pipeline: Pipeline, rows: np.ndarray = USERS, *, weight: float = 1.0, least: int = 0) -> Judged:
    recommender = pipeline.recommender
    histories = recommender.histories.take(rows)
    second = replace(pipeline.second, weight=weight)
    allowed = Allowed(known_V=recommender.known_V).without_seen(histories)
    return second.judge(histories, allowed=allowed, known_V=recommender.known_V, least=least)


def by_pair(judged: Judged) -> dict[tuple[int, int], float]:
    found = judged.proposals
    return dict(
        zip(
            zip(found.row_S.tolist(), found.item_S.tolist(), strict=True),
            judged.score_S.tolist(),
            strict=True,
        )
    )


def test_a_score_depends_on_no_other_candidate(pipeline: Pipeline) -> None:
    few, many = by_pair(judge(pipeline)), by_pair(judge(pipeline, least=60))
    assert len(many) > len(few)
    assert set(few) <= set(many)
    assert np.allclose([few[pair] for pair in few], [many[pair] for pair in few], atol=1e-5)


def test_a_score_depends_on_no_other_history(pipeline: Pipeline) -> None:
    together = by_pair(judge(pipeline))
    for place, user in enumerate(USERS):
        alone = by_pair(judge(pipeline, np.array([user])))
        assert len(alone) > 5
        assert np.allclose([together[place, item] for _, item in alone], list(alone.values()), atol=1e-5)


def test_the_ranker_adds_something_and_without_weight_nothing(pipeline: Pipeline) -> None:
    judged = judge(pipeline, weight=0.0)
    assert np.ptp(judged.ranker_S) > 0
    assert np.array_equal(judged.score_S, judged.retrieval_S)


def test_values_of_sources_are_columns_by_name() -> None:
    edge = np.array([0, 1], dtype=np.float32)
    columns = value_columns({"a": edge, "b": edge}, np.array([[1, np.nan]], dtype=np.float32))
    assert columns["a"].value_R.tolist() == [1.0]
    assert np.isnan(columns["b"].value_R).all()
