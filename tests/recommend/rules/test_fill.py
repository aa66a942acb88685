"""The pass that fills a list: pins stand, caps hold, equal worth keeps the order of the candidates."""

from __future__ import annotations

import numpy as np
import pytest

from regard.recommend.rules.base import Capped, Effect
from regard.recommend.rules.fill import fill


def _cap(values: str, most: int, *, fills: bool = True) -> Effect:
    names = tuple(sorted(set(values)))
    has = np.array([[value == name for name in names] for value in values])
    return Effect(cap=Capped(has_CG=has, names=names, most=most, fill=fills))


@pytest.fixture
def six(asking):
    return asking({"x": list("abcdef")})


def test_without_effects_the_list_is_the_first_candidates(six) -> None:
    order = fill(six, [], k=4)
    assert order.chosen == [0, 1, 2, 3]
    assert order.place_C.tolist() == [1, 2, 3, 4, 5, 6]
    assert fill(six, [], k=99).chosen == [0, 1, 2, 3, 4, 5]


def test_a_cap_lets_later_candidates_in(six) -> None:
    order = fill(six, [_cap("aaabbc", 1)], k=3)
    assert order.chosen == [0, 3, 5]
    assert order.over == {}
    assert order.place_C.tolist() == [1, 4, 5, 2, 6, 3]


def test_a_pin_counts_in_a_cap_before_its_place_is_reached(six) -> None:
    order = fill(six, [_cap("aaabbc", 1), Effect(pin=2, place=2)], k=3)
    assert order.chosen == [3, 5, 2]


def test_what_cannot_be_filled_is_filled_against_the_cap_or_left_empty_and_said(six) -> None:
    filled = fill(six, [_cap("aaaabb", 1)], k=4)
    assert filled.chosen == [0, 4, 1, 2]
    assert filled.over == {0: ["a"]}
    left = fill(six, [_cap("aaaabb", 1, fills=False), Effect(pin=5, place=3)], k=4)
    assert left.chosen == [0, 5]
    assert left.pinned_late == {1: 1}
    assert left.over == {}


def test_where_one_cap_gives_way_the_other_still_holds(six) -> None:
    order = fill(six, [_cap("aaaabb", 1), _cap("xyxyxy", 1, fills=False)], k=4)
    assert order.chosen == [0, 5]
    soft = fill(six, [_cap("aaaaaa", 1), _cap("xxyyzz", 1)], k=3)
    assert soft.chosen == [0, 2, 4]


def test_pins_of_a_short_list_take_its_last_places(six) -> None:
    gone = Effect(gone_C=np.array([False] * 3 + [True] * 3))
    order = fill(six, [gone, Effect(pin=0, place=8), Effect(pin=1, place=7)], k=10)
    assert order.chosen == [2, 1, 0]
    assert order.pinned_late == {1: 2, 2: 1}


def test_a_pin_beyond_the_list_is_an_ordinary_candidate(six) -> None:
    assert fill(six, [Effect(pin=0, place=5)], k=2).chosen == [0, 1]


def test_what_is_taken_out_is_not_pinned_either(six) -> None:
    gone = Effect(gone_C=np.arange(6) == 2)
    order = fill(six, [gone, Effect(pin=2, place=0)], k=9)
    assert order.chosen == [0, 1, 3, 4, 5]
    assert order.place_C[2] == 0


def test_factors_come_before_boosts_whatever_the_order_of_the_rules(six) -> None:
    factor = Effect(factor_C=np.array([0.1, 1, 1, 1, 1, 1]))
    boost = Effect(boost_C=np.array([0, 0, 0, 0, 0, 0.9]))
    assert fill(six, [factor, boost], k=3).chosen == fill(six, [boost, factor], k=3).chosen == [5, 1, 2]
