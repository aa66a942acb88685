"""Where users choose by colour, new items reach the right users, and colour is what explains them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from regard.api import fit
from regard.explain.explanation import Explanation
from regard.model import Model

COLOURS = ("red", "blue", "green", "gold", "white")
SIZES = ("S", "M", "L")
USERS, ITEMS, NEW = 300, 200, 50
PREFERENCE = 0.9


@dataclass(frozen=True)
class ColourWorld:
    """Users who choose by colour nine times of ten and by nothing else; size and price do not matter."""

    events: pl.DataFrame
    items: pl.DataFrame
    new: pl.DataFrame
    preferred: dict[str, str]


@pytest.fixture(scope="module")
def colour_world() -> ColourWorld:
    draw = np.random.default_rng(0)

    def items(prefix: str, count: int) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "item_id": [f"{prefix}{number}" for number in range(count)],
                "colour": [COLOURS[number % len(COLOURS)] for number in range(count)],
                "size": draw.choice(SIZES, count),
                "price": draw.lognormal(3, 1, count).round(2),
            }
        )

    known, new = items("old", ITEMS), items("new", NEW)
    preferred = {f"u{user}": COLOURS[user % len(COLOURS)] for user in range(USERS)}
    rows = []
    for user, colour in preferred.items():
        own = np.flatnonzero((known["colour"] == colour).to_numpy())
        for step in range(draw.integers(10, 20)):
            item = draw.choice(own) if draw.random() < PREFERENCE else draw.integers(ITEMS)
            rows.append((user, f"old{item}", 1_600_000_000 + 1_000 * step))
    events = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    return ColourWorld(events=events, items=known, new=new, preferred=preferred)


@pytest.fixture(scope="module")
def grown(colour_world: ColourWorld) -> Model:
    """A model of that world to which the new items were added after training."""
    settings = {"width": 32, "max_length": 20, "window": 20, "batch_events": 512, "epochs": 12}
    model = fit(
        colour_world.events,
        items=colour_world.items,
        recipe="sequential-tiny",
        settings=settings,
        split="leave-last-out",
    )
    return model.add_items(colour_world.new).model


def test_new_items_are_recommended_to_those_who_prefer_their_colour(
    grown: Model, colour_world: ColourWorld
) -> None:
    colour_of = dict(colour_world.new.select("item_id", "colour").iter_rows())
    of_colour = NEW // len(COLOURS)
    lists = grown.recommend(users=list(colour_world.preferred), k=of_colour, only=colour_world.new["item_id"])
    ranked = lists.with_columns(
        right=lists["item_id"].replace_strict(colour_of)
        == lists["user_id"].replace_strict(colour_world.preferred)
    )
    first = ranked.filter(pl.col("rank") == 1)
    assert first.height == USERS
    assert first["right"].mean() >= 0.9
    assert ranked["right"].mean() >= 0.9


@dataclass(frozen=True)
class Explained:
    """The first new item of a user, explained."""

    explanation: Explanation
    preferred: str
    change_of_colour: float
    of_item: dict[str, float]
    replaced: dict[str, float]
    of_history: dict[str, float]


@pytest.fixture(scope="module")
def explained(grown: Model, colour_world: ColourWorld) -> list[Explained]:
    found = []
    for user, colour in list(colour_world.preferred.items())[:50]:
        item = grown.recommend(users=user, k=1, only=colour_world.new["item_id"])["item_id"][0]
        explanation = grown.explain(user=user, item=item)
        other = COLOURS[(COLOURS.index(colour) + 1) % len(COLOURS)]
        sides = explanation.attributes.partition_by("side", as_dict=True)
        of_item, of_history = sides[("item",)], sides[("history",)]
        found.append(
            Explained(
                explanation=explanation,
                preferred=colour,
                change_of_colour=grown.what_if(user=user, item=item, instead={"colour": other}).change,
                of_item=dict(of_item.select("field", "influence").iter_rows()),
                replaced=dict(of_item.select("field", "replaced").iter_rows()),
                of_history=dict(of_history.select("field", "influence").iter_rows()),
            )
        )
    return found


def test_the_planted_attribute_is_the_most_influential_of_a_new_item(explained: list[Explained]) -> None:
    for one in explained:
        assert set(one.of_item) == {"colour", "size", "price"}  # a new item has no history of its own
    assert np.mean([max(one.of_item, key=one.of_item.__getitem__) == "colour" for one in explained]) >= 0.9
    assert np.mean([max(one.replaced, key=one.replaced.__getitem__) == "colour" for one in explained]) >= 0.9


def test_the_sentence_names_the_planted_attribute(explained: list[Explained]) -> None:
    said = [f"its colour, {one.preferred}, speaks most for it" in one.explanation.text for one in explained]
    assert np.mean(said) >= 0.9


def test_another_colour_makes_a_new_item_less_likely(explained: list[Explained]) -> None:
    assert np.mean([one.change_of_colour < 0 for one in explained]) >= 0.9
    assert np.median([one.change_of_colour for one in explained]) < -1


def test_values_that_do_not_matter_have_almost_no_influence(explained: list[Explained]) -> None:
    colour = np.median([one.replaced["colour"] for one in explained])
    for name in ("size", "price"):
        assert abs(np.median([one.replaced[name] for one in explained])) < 0.15 * colour
        # Missing, they leave their weight to the colour: they never speak for the item as the colour does
        assert np.median([one.of_item[name] for one in explained]) < 0.1 * colour


def test_of_the_history_it_is_the_colours_that_speak_for_the_item(explained: list[Explained]) -> None:
    mean = {name: np.mean([one.of_history[name] for one in explained]) for name in explained[0].of_history}
    assert max(mean, key=mean.__getitem__) == "colour"
    assert mean["colour"] > 0.02
