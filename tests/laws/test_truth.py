"""On a world with known truth the model recovers it, and the explanation names the cause."""

from __future__ import annotations

from regard.data.sources.synthetic import SyntheticWorld
from regard.model import Model


def test_the_explanation_names_the_planted_cause_first_in_95_of_100(
    model: Model, world: SyntheticWorld
) -> None:
    planted = world.planted_histories(100, seed=1)
    named = 0
    for history, effect, position in zip(planted.histories, planted.effect, planted.position, strict=True):
        events = model.explain(history=history, item=effect).events
        named += events.row(0, named=True)["position"] == position
    assert named >= 95


def test_the_model_recovers_the_planted_preference(model: Model, world: SyntheticWorld) -> None:
    users = list(world.preferred)[:100]
    group = dict(world.items.select("item_id", "group").iter_rows())
    lists = model.recommend(users=users, k=5)
    own = [
        group[item] == world.preferred[user]
        for user, item in lists.select("user_id", "item_id").iter_rows()
        if group[item] is not None
    ]
    assert sum(own) / len(own) > 0.9
