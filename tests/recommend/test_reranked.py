"""Recommending under a policy as a caller asks: ids in, ids out, and what was moved in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.data.vocab import Vocab
from regard.errors import ConfigError
from regard.recommend.policy import Policy
from regard.recommend.recommender import Recommender
from regard.recommend.reranked import PolicyRequest, recommend_with_policy
from regard.recommend.rules.context import Context


class InOrder:
    """Prefers items in the order of their numbers."""

    num_items = 6

    def query(self, batch: PackedBatch) -> int:
        return batch.num_users

    def score(self, query: int, start: int, stop: int) -> torch.Tensor:
        return -torch.arange(start, stop).float().expand(query, -1)


@pytest.fixture
def recommender() -> Recommender:
    """Items a to f of two brands; ann had a, bob everything, cid nothing."""
    return Recommender(
        scorer=InOrder(),
        users=Vocab.of(["ann", "bob", "cid"]),
        items=Vocab.of(list("abcdef")),
        histories=Histories.of([[0], [0, 1, 2, 3, 4, 5], []]),
        known_V=np.ones(6, dtype=np.bool_),
        popularity_V=np.array([6, 5, 4, 3, 2, 1]),
    )


def _ask(recommender: Recommender, *rules: dict[str, Any], **request: Any):
    context = Context(items=recommender.items, table=pl.DataFrame({"brand": ["x", "x", "x", "x", "y", "y"]}))
    return recommend_with_policy(
        recommender, Policy.parse({"rules": list(rules)}), context, PolicyRequest(**request)
    )


CAP = {"rule": "cap", "column": "brand", "most": 1}


def test_without_rules_it_is_what_the_recommender_says(recommender) -> None:
    answer = _ask(recommender, users=["ann", "bob", "cid", "zoe"], k=3)
    plain = recommender.recommend(users=["ann", "bob", "cid", "zoe"], k=3)
    assert answer.frame.drop("moved").equals(plain)
    assert answer.frame["moved"].unique().to_list() == [""]


def test_each_item_says_what_moved_it_and_who_was_left_out(recommender) -> None:
    answer = _ask(recommender, CAP, users="ann", k=2)
    assert answer.frame.select("item_id", "rank", "moved").rows() == [
        ("b", 1, ""),
        ("e", 2, "moved from 4 to 2 to make or take room by 'cap brand'"),
    ]
    left = answer.moves.filter(pl.col("to").is_null()).row(0, named=True)
    assert (left["user"], left["item"], left["from"]) == ("ann", "c", 2)
    assert left["reason"] == "the list has 1 of brand=x, at most 1"


def test_a_pin_outside_the_candidates_is_scored_by_the_policy(recommender) -> None:
    pin = {"rule": "pin", "item": "f", "position": 1}
    answer = _ask(recommender, pin, users=["ann", "bob"], k=2, candidates=2)
    assert answer.frame["item_id"].to_list() == ["f", "b"]
    assert answer.frame["score"].to_list() == [None, -1]
    assert answer.frame["source"].to_list() == ["policy", "model"]
    assert answer.frame["moved"].to_list()[0] == "put at 1 by 'pin f'"
    assert _ask(recommender, pin, users="ann", exclude="f").unmet["user"].to_list() == ["ann"]
    assert _ask(recommender, pin, histories=["f", "a"]).unmet["rule"].to_list() == ["pin f"]
    seen = _ask(recommender, pin, histories=["f", "a"], exclude_seen=False)
    assert seen.frame["item_id"].to_list()[0] == "f"


def test_users_without_lists_and_asked_twice_are_kept_apart(recommender) -> None:
    answer = _ask(recommender, CAP, users=["bob", "cid", "ann", "cid"], k=2)
    lists = answer.frame.select("user_id", "item_id").rows()
    assert lists == [(u, i) for u, pair in (("cid", "ae"), ("ann", "be"), ("cid", "ae")) for i in pair]
    assert _ask(recommender, CAP, users="bob").frame.is_empty()


def test_histories_and_the_moment_of_the_request_reach_the_rules(recommender) -> None:
    fresh = {"rule": "fresh", "half_life_days": 1, "strength": 1}
    mix = {"rule": "calibrate", "column": "brand", "strength": 0.9}
    answer = _ask(recommender, mix, histories={"p": ["e"], "q": ["d"]}, k=1)
    assert answer.frame["item_id"].to_list() == ["f", "a"]
    context = Context(
        items=recommender.items,
        table=pl.DataFrame({"brand": ["x"] * 6}),
        first_seen_V=np.arange(6) * 86_400 * 10**6,
    )
    ask = PolicyRequest(histories=["a"], k=2, at="1970-01-06")
    policy = Policy.parse({"rules": [fresh]})
    assert recommend_with_policy(recommender, policy, context, ask).frame["item_id"].to_list() == ["b", "f"]


def test_a_wrong_request_is_refused_as_the_recommender_refuses_it(recommender) -> None:
    with pytest.raises(ConfigError, match="k = 0"):
        _ask(recommender, users="ann", k=0)
    with pytest.raises(ConfigError, match="either users"):
        _ask(recommender)
