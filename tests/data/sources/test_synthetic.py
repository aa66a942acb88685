"""The synthetic world keeps what it promises."""

from __future__ import annotations

import polars as pl
import pytest

from regard.data.sources.synthetic import SyntheticWorld, WorldConfig
from regard.errors import ConfigError

CONFIG = WorldConfig(users=300)


@pytest.fixture(scope="module")
def world() -> SyntheticWorld:
    return SyntheticWorld.make(CONFIG, seed=5)


def histories(world: SyntheticWorld) -> list[list[str]]:
    grouped = world.events.sort("user_id", "timestamp", maintain_order=True)
    return grouped.group_by("user_id", maintain_order=True).agg("item_id")["item_id"].to_list()


def test_the_same_seed_makes_the_same_world(world: SyntheticWorld) -> None:
    assert SyntheticWorld.make(CONFIG, seed=5).events.equals(world.events)
    assert not SyntheticWorld.make(CONFIG, seed=6).events.equals(world.events)


def test_an_effect_follows_its_cause_within_few_steps_and_never_comes_without_it(
    world: SyntheticWorld,
) -> None:
    effect_of = {cause: effect for effect, cause in world.cause_of.items()}
    distances = []
    for history in histories(world):
        place = {item: at for at, item in enumerate(history)}
        assert len(place) == len(history)
        for item in history:
            if item in effect_of:
                distances.append(place[effect_of[item]] - place[item])
            elif item in world.cause_of:
                assert world.cause_of[item] in place
    assert set(distances) == {1, 2, 3, 4, 5}


def test_most_ordinary_items_of_a_user_come_from_the_preferred_group(world: SyntheticWorld) -> None:
    preferred = pl.DataFrame({"user_id": list(world.preferred), "own": list(world.preferred.values())})
    events = world.events.join(world.items, on="item_id").join(preferred, on="user_id").drop_nulls("group")
    assert events.select((pl.col("group") == pl.col("own")).mean()).item() > 0.8


def test_planted_histories_hold_one_cause_whose_effect_is_still_due(world: SyntheticWorld) -> None:
    planted = world.planted_histories(50, seed=1)
    assert planted.histories != world.planted_histories(50, seed=2).histories
    known = histories(world)
    after = set()
    for history, effect, cause, position in zip(
        planted.histories, planted.effect, planted.cause, planted.position, strict=True
    ):
        assert [item for item in history if item.startswith(("cause", "effect"))] == [cause]
        assert history[position] == cause == world.cause_of[effect]
        assert history not in known
        after.add(len(history) - position - 1)
    assert after == {0, 1, 2, 3, 4}


def test_small_and_odd_worlds_can_be_made() -> None:
    tiny = WorldConfig(
        users=3, groups=2, items_per_group=2, pairs=1, preference=1.0, min_events=9, max_events=9
    )
    assert SyntheticWorld.make(tiny).events.height >= 27
    with pytest.raises(ConfigError, match="users"):
        WorldConfig(users=1)
