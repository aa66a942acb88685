"""A model recommends, explains and is evaluated."""

from __future__ import annotations

import numpy as np

from regard.model import Model
from regard.recommend.policy import Policy
from regard.recommend.reranked import PolicyRequest


def test_the_report_holds_the_model_and_every_baseline(model: Model) -> None:
    report = model.evaluate()
    names = [one.name for one in report.evaluations]
    assert names == [
        "regard",
        "Popularity",
        "Popularity (7 d)",
        "Popularity (30 d)",
        "ItemKNN",
        "EASE",
        "Random",
    ]
    assert report.model.main.value > report.evaluations[-1].main.value


def test_a_history_that_training_never_saw_is_enough(model: Model) -> None:
    items = model.dataset.items.ids.to_list()
    lists = model.recommend(histories=[[items[0], "no such item", items[1]]], k=3)
    assert lists["source"].to_list() == ["model"] * 3
    assert lists["unknown_items"].to_list() == [1, 1, 1]
    assert not set(lists["item_id"]) & {items[0], items[1]}


def test_lists_follow_a_policy_that_reads_attributes_vectors_and_times(coloured: Model) -> None:
    rules = [
        {"rule": "cap", "column": "colour", "most": 2},
        {"rule": "diversity", "method": "mmr", "strength": 0.3},
        {"rule": "fresh", "half_life_days": 1, "strength": 0.1},
    ]
    policy = Policy.parse({"rules": rules})
    answer = coloured.recommend_with(policy, PolicyRequest(users=["u1", "u2"], k=4))
    colour = coloured.dataset.item_table["colour"].to_list()
    for user in ("u1", "u2"):
        mine = answer.frame.filter(answer.frame["user_id"] == user)["item_id"]
        shown = [colour[number] for number in coloured.dataset.items.encode(mine)]
        assert max(shown.count(one) for one in shown) <= 2
    assert set(answer.moves["rule"]) >= {"cap colour", "diversity"}
    assert coloured.policy_context is coloured.policy_context
    assert coloured.policy_context.vectors_VD is not None
    assert np.isfinite(coloured.policy_context.vectors_VD).all()


def test_a_policy_without_rules_leaves_lists_as_they_are(coloured: Model) -> None:
    answer = coloured.recommend_with(Policy(), PolicyRequest(users=["u1"], k=5))
    assert answer.frame.drop("moved").equals(coloured.recommend(users=["u1"], k=5))


def test_a_model_says_why_one_item_and_not_the_other_and_what_drives_it(coloured: Model) -> None:
    history = coloured.dataset.items.ids.head(3).to_list()
    first, second = coloured.recommend(histories=history, k=2)["item_id"].to_list()
    found, back = (
        coloured.contrast(item=one, other=other, history=history)
        for one, other in ((first, second), (second, first))
    )
    assert found.tell("en") != back.tell("en")
    assert coloured.overview(users=5).users == 5
