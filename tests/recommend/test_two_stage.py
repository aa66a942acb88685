"""Two stages answer as a Recommender does, and a trace says what each of them did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from regard.errors import ConfigError, UnknownIdError
from regard.pipeline import Pipeline
from regard.recommend.reranked import PolicyRequest
from regard.recommend.two_stage import TwoStageRecommender

USERS = ["u3", "u50", "u7"]


def test_a_list_is_the_same_bits_whoever_else_asks(pipeline: Pipeline) -> None:
    together = pipeline.recommend(users=USERS, k=5)
    alone = pl.concat([pipeline.recommend(users=[user], k=5) for user in USERS])
    assert together.equals(alone)
    assert together.columns == ["user_id", "item_id", "score", "rank", "source", "unknown_items"]
    assert pipeline.recommend(users=USERS, k=5).equals(together)


def test_without_weight_lists_are_those_of_retrieval(pipeline: Pipeline) -> None:
    unweighed = TwoStageRecommender.after(
        pipeline.retrieval.recommender, replace(pipeline.second, weight=0.0)
    )
    own = unweighed.recommend(users=USERS, k=10).select("user_id", "item_id", "rank")
    assert own.equals(pipeline.retrieval.recommend(users=USERS, k=10).select("user_id", "item_id", "rank"))


def test_filters_hold(pipeline: Pipeline) -> None:
    wish = ["i1", "i2", "i3", "i4", "i5", "i6"]
    lists = pipeline.recommend(histories=[["i1", "i9"]], k=10, only=wish, exclude=["i6"])
    assert sorted(lists["item_id"]) == ["i2", "i3", "i4", "i5"]
    with_seen = pipeline.recommend(histories=[["i1", "i9"]], k=10, only=wish, exclude_seen=False)
    assert "i1" in with_seen["item_id"].to_list()
    with pytest.raises(UnknownIdError, match="none of these"):
        pipeline.recommend(users=["u3"], only=["nothing"])
    with pytest.raises(ConfigError, match="k = 0"):
        pipeline.recommend(users=["u3"], k=0)


def test_a_list_is_as_long_as_it_is_asked_to_be(pipeline: Pipeline) -> None:
    assert len(pipeline.recommend(users=["u3"], k=45)) == 45


def test_who_is_not_known_gets_what_is_popular(pipeline: Pipeline) -> None:
    lists = pipeline.recommend(users=["nobody", "u3"], k=3)
    assert lists["source"].to_list() == ["popularity"] * 3 + ["model"] * 3
    alone = pipeline.retrieval.recommend(users=["nobody"], k=3)
    assert lists.head(3).equals(alone)
    assert pipeline.recommend(users=[], k=3).is_empty()


def test_the_trace_has_one_row_a_candidate_and_agrees_with_the_lists(pipeline: Pipeline) -> None:
    trace = pipeline.trace(PolicyRequest(users=USERS, k=5))
    assert trace.columns == [
        *("user_id", "item_id", "by retrieval", "by popular", "by recent", "by similar"),
        *("retrieval_score", "retrieval_rank", "ranker_score", "score", "probability", "ranked", "listed"),
    ]
    assert not trace.select("user_id", "item_id").is_duplicated().any()
    assert trace.select(pl.any_horizontal(pl.col("^by .*$").is_not_null()).all()).item()
    shown = trace.drop_nulls("listed").select("user_id", "item_id", "score", rank="listed")
    assert shown.equals(pipeline.recommend(users=USERS, k=5).select("user_id", "item_id", "score", "rank"))
    for (_user,), part in trace.group_by("user_id", maintain_order=True):
        assert part["ranked"].to_list() == list(range(1, len(part) + 1))
        assert sorted(part["retrieval_rank"]) == part["ranked"].to_list()
        assert part["score"].is_sorted(descending=True)
        assert part["probability"].is_sorted(descending=True)
    assert trace["probability"].is_between(0, 1).all()
    weight = np.float32(pipeline.second.weight)
    made = trace["retrieval_score"].to_numpy() + weight * trace["ranker_score"].to_numpy()
    assert np.array_equal(made, trace["score"].to_numpy())


def test_who_is_not_known_has_no_trace(pipeline: Pipeline) -> None:
    trace = pipeline.trace(PolicyRequest(users=["nobody"], k=5))
    assert trace.is_empty()
    assert trace.columns == pipeline.trace(PolicyRequest(users=["u3"], k=5)).columns
