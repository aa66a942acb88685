"""Blocks, pins and caps, each alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from regard.errors import ConfigError
from regard.recommend.rules.base import Moved
from regard.recommend.rules.fill import fill
from regard.recommend.rules.limits import Block, Cap, Pin

BRANDS = {"brand": ["Dove", "Nivea", None, "Nivea", "Dove"]}


def test_a_block_takes_out_items_and_values_but_nothing_missing(asking) -> None:
    asked = asking(BRANDS)
    effect = Block(items=("0", 99), column="brand", values=("Nivea", "Axe")).effect(asked)
    assert effect.gone_C.tolist() == [True, True, False, True, False]
    before, after = fill(asked, [], k=5), fill(asked, [effect], k=5)
    why = [effect.why(Moved(asked=asked, candidate=one, before=before, after=after)) for one in (0, 1, 4)]
    assert why == ["this item is never recommended", "brand=Nivea is never recommended", None]


@pytest.mark.parametrize("wrong", [{}, {"column": "brand"}, {"values": ("x",)}])
def test_a_block_needs_items_or_a_column_with_values(wrong: dict) -> None:
    with pytest.raises(ConfigError):
        Block(**wrong)


def test_a_pin_stands_or_says_why_not(asking) -> None:
    asked = asking(BRANDS)
    effect = Pin(item=3, position=2).effect(asked)
    assert (effect.pin, effect.place, effect.problem) == (3, 1, "")
    assert "not in the catalogue" in Pin(item=99, position=1).effect(asked).problem
    refused = replace(asked, refused=frozenset([3]))
    assert "may not be recommended here" in Pin(item=3, position=2).effect(refused).problem
    with pytest.raises(ConfigError, match="position"):
        Pin(item=3, position=0)


def test_a_cap_counts_values_some_values_or_missing_ones_together(asking) -> None:
    asked = asking(BRANDS)
    assert Cap(column="brand", most=1).effect(asked).cap.names == ("Dove", "Nivea")
    some = Cap(column="brand", most=1, values=("Nivea",))
    assert some.label == "cap brand=Nivea"
    assert some.effect(asked).cap.has_CG[:, 0].tolist() == [False, True, False, True, False]
    together = Cap(column="brand", most=1, missing="together").effect(asked).cap
    assert np.flatnonzero(together.has_CG[:, -1]).tolist() == [2]
    assert (together.names[-1], together.fill) == ("(missing)", True)


def test_each_value_of_a_set_counts(asking) -> None:
    asked = asking({"genres": [["War", "Drama"], ["Drama"], ["War"], ["Comedy"], []]})
    effect = Cap(column="genres", most=1).effect(asked)
    before, order = fill(asked, [], k=3), fill(asked, [effect], k=3)
    assert order.chosen == [0, 3, 4]
    why = effect.why(Moved(asked=asked, candidate=2, before=before, after=order))
    assert why == "the list has 1 of genres=War, at most 1"
