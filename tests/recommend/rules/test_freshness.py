"""Freshness: half for each half-life; what has no time keeps its relevance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from regard.data.packing import NO_TIME
from regard.errors import ConfigError
from regard.recommend.rules.base import Moved
from regard.recommend.rules.fill import fill
from regard.recommend.rules.freshness import Fresh

DAY = 86_400 * 10**6


@pytest.fixture
def asked(asking):
    times = np.array([0, 10 * DAY, NO_TIME, 20 * DAY, 99 * DAY])
    more = {"times": {"released": times}, "first_seen_V": times[::-1].copy(), "now": 20 * DAY}
    return asking({"released": [""] * 5}, **more)


def test_a_boost_halves_with_each_half_life(asked) -> None:
    effect = Fresh(column="released", half_life_days=10, strength=0.8).effect(asked)
    assert effect.boost_C.tolist() == [0.2, 0.4, 0.0, 0.8, 0.8]
    order = fill(asked, [effect], k=5)
    assert order.chosen == [0, 1, 3, 4, 2]
    moved = [Moved(asked=asked, candidate=one, before=order, after=order) for one in (0, 2)]
    assert [effect.why(one) for one in moved] == ["20 days old", None]


def test_decay_takes_from_what_is_old(asked) -> None:
    effect = Fresh(column="released", half_life_days=10, mode="decay", strength=0.8).effect(asked)
    assert effect.factor_C == pytest.approx([0.4, 0.6, 1.0, 1.0, 1.0])


def test_without_a_column_age_counts_from_the_first_event(asked) -> None:
    rule = Fresh(half_life_days=10, strength=1.0)
    assert rule.effect(asked).boost_C.tolist() == [1, 1, 0, 0.5, 0.25]
    assert rule.label == "fresh"


def test_strength_0_leaves_the_order_and_an_unknown_now_is_said(asked) -> None:
    for mode in ("boost", "decay"):
        effect = Fresh(half_life_days=1, mode=mode, strength=0).effect(asked)
        assert fill(asked, [effect], k=5).chosen == [0, 1, 2, 3, 4]
    assert "not known when" in Fresh(half_life_days=1, strength=1).effect(replace(asked, now=None)).problem
    with pytest.raises(ConfigError, match="half_life_days"):
        Fresh(half_life_days=0, strength=1)
