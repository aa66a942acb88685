"""A Pipeline is a Model with a second stage: the same verbs, a policy on top, and a trace of all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from regard.errors import ConfigError, SplitError
from regard.model import Model
from regard.pipeline import Pipeline
from regard.recommend.policy import Policy
from regard.recommend.reranked import PolicyRequest


def test_its_first_stage_is_a_model_of_its_own(pipeline: Pipeline) -> None:
    assert type(pipeline.retrieval) is Model
    assert pipeline.retrieval.network is pipeline.network
    assert type(pipeline.retrieval.config) is type(pipeline.config)


def test_a_policy_acts_on_what_was_ranked_and_the_trace_says_so(pipeline: Pipeline) -> None:
    first = pipeline.recommend(users=["u3"], k=1)["item_id"].item()
    policy = Policy.parse({"rules": [{"rule": "block", "items": [first]}]})
    request = PolicyRequest(users=["u3"], k=5, candidates=20)
    answer = pipeline.recommend_with(policy, request)
    plain = pipeline.recommend(users=["u3"], k=6)
    assert answer.frame["item_id"].to_list() == plain["item_id"].to_list()[1:]
    trace = pipeline.trace(request, policy)
    blocked = trace.row(0, named=True)
    assert (blocked["item_id"], blocked["ranked"], blocked["listed"]) == (first, 1, None)
    assert trace["listed"].drop_nulls().to_list() == [1, 2, 3, 4, 5]


def test_it_explains_its_first_stage(pipeline: Pipeline) -> None:
    item = pipeline.recommend(users=["u3"], k=1)["item_id"].item()
    own, first = (one.explain(item=item, user="u3") for one in (pipeline, pipeline.retrieval))
    assert own.text == first.text
    assert own.probability == first.probability


def test_what_it_cannot_do_is_said(pipeline: Pipeline) -> None:
    with pytest.raises(ConfigError, match="fit it again"):
        pipeline.add_items({"item_id": ["new"], "colour": ["red"]})
    with pytest.raises(ConfigError, match="no index"):
        pipeline.indexed()


def test_one_that_learned_from_everything_has_nothing_to_be_asked(pipeline: Pipeline) -> None:
    everything = replace(pipeline, split=pipeline.split.changed(kind="none"))
    with pytest.raises(SplitError, match="--split time"):
        everything.evaluate_stages()


def test_the_record_says_what_validation_found(pipeline: Pipeline) -> None:
    record = pipeline.record
    assert set(record["ndcg"]) == {"0", "0.25", "0.5", "0.75", "1"}
    best = record["ndcg"][f"{pipeline.second.weight:g}"]
    assert best >= record["ndcg"]["0"]
    assert 0 < record["recall"] <= 1
