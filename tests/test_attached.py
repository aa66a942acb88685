"""A retrieval model and a ranker of impressions become one model, whose order is the value of the actions."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from regard.attached import AttachedPipeline, attach_ranker
from regard.data.impression_table import read_impressions
from regard.errors import ConfigError, DataError
from regard.model import Model
from regard.pipeline import Pipeline
from regard.ranking import RankingModel, fit_ranker
from regard.recommend.policy import Policy
from regard.recommend.reranked import PolicyRequest


def test_lists_are_in_the_order_of_the_value(coloured: Model, impression_ranker: RankingModel) -> None:
    both = attach_ranker(coloured, impression_ranker, value="purchase*10 + click")
    trace = both.trace(PolicyRequest(users=["u3", "u50"], k=5))
    worth = 10 * trace["probability of purchase"] + trace["probability of click"]
    assert np.allclose(trace["score"], worth, rtol=1e-5)
    assert trace.filter(pl.col("listed").is_not_null())["ranked"].to_list() == [1, 2, 3, 4, 5] * 2
    frame = both.recommend(users=["u3", "u50"], k=5)
    listed = trace.filter(pl.col("listed").is_not_null())
    assert frame["item_id"].to_list() == listed["item_id"].to_list()
    plain = attach_ranker(coloured, impression_ranker).trace(PolicyRequest(users=["u3"], k=5))
    assert np.allclose(plain["score"], plain["probability of click"], rtol=1e-5)


def test_what_was_clicked_decides_the_order_and_not_retrieval(both: AttachedPipeline) -> None:
    trace = both.trace(PolicyRequest(users=["u3"], k=5))
    assert trace["retrieval_rank"].to_list() != trace["ranked"].to_list()
    assert trace["score"].is_sorted(descending=True)


def test_what_the_two_do_not_share_is_counted(both: AttachedPipeline) -> None:
    assert both.record["items"] > both.record["known_items"] > 0
    assert both.record["users"] > both.record["known_users"] > 0
    trace = both.trace(PolicyRequest(users=["u3"], k=5))
    unknown = trace.filter(~pl.col("known to the ranker"))
    assert 0 < len(unknown) < len(trace)


def test_ids_that_have_nothing_in_common_are_refused(coloured: Model) -> None:
    log = {
        "user_id": [1, 2] * 50,
        "item_id": [*range(10)] * 10,
        "timestamp": [*range(100)],
        "click": [0, 1, 1, 0] * 25,
    }
    other = fit_ranker(read_impressions(log), settings={"train": {"epochs": 1}, "shape": {"width": 8}})
    with pytest.raises(DataError, match=r"knows none of the \d+ items .* ids are 0, 1, 2 \.\.\., .* i0, i1"):
        attach_ranker(coloured, other)


def test_a_value_of_an_unknown_action_is_refused(coloured: Model, impression_ranker: RankingModel) -> None:
    with pytest.raises(ConfigError, match="no action 'buy'"):
        attach_ranker(coloured, impression_ranker, value="buy*10")


def test_it_takes_the_place_of_another_second_stage(
    pipeline: Pipeline, impression_ranker: RankingModel
) -> None:
    both = attach_ranker(pipeline, impression_ranker)
    assert type(both.retrieval) is Model
    assert both.retrieval.network is pipeline.network


def test_a_policy_and_an_evaluation_take_it_like_any_other(both: AttachedPipeline) -> None:
    first = both.recommend(users=["u3"], k=1)["item_id"].item()
    policy = Policy.parse({"rules": [{"rule": "block", "items": [first]}]})
    answer = both.recommend_with(policy, PolicyRequest(users=["u3"], k=5, candidates=20))
    assert answer.frame["item_id"].to_list() == both.recommend(users=["u3"], k=6)["item_id"].to_list()[1:]
    stages = both.evaluate_stages()
    assert 0 < stages.handed_over.value <= 1
    assert [one.name for one in both.evaluate(baselines=False).evaluations] == [
        "two-stage",
        "retrieval alone",
    ]


def test_a_user_of_whom_nothing_is_known_gets_what_is_popular(both: AttachedPipeline) -> None:
    assert both.recommend(users=["nobody"], k=3)["source"].to_list() == ["popularity"] * 3
    history = both.recommend(histories=[["i1", "i2"]], k=3)
    assert len(history) == 3
