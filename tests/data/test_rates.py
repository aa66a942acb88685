"""Rates: counted from what came strictly before, of the item and of the user."""

from __future__ import annotations

import numpy as np

from regard.data.feedback import Feedback, Past
from regard.data.impressions import Impressions
from regard.data.rates import RATES, rates_at

SHOWN = Impressions.of(
    [[0, 1], [0], [0], [1]], clicked=[[0], [0], [], [1]], users=[0, 1, 0, -1], times=[10, 20, 30, 30]
)
PAST = Past(kind="shown", action="click", known=Feedback.nothing(), users=2, level=0.5)


def odds(clicked: int, shown: int, prior: float = 10.0) -> float:
    rate = (clicked + prior / 2) / (shown + prior)
    return float(np.log(rate / (1 - rate)))


def test_only_what_came_strictly_before_counts() -> None:
    rates = rates_at(SHOWN, PAST.after(SHOWN), items=2)
    expected = [odds(0, 0), odds(0, 0), odds(1, 1), odds(2, 2), odds(0, 1)]
    np.testing.assert_allclose(rates["item rate"], expected, rtol=1e-5)
    np.testing.assert_allclose(rates["user rate"], [0, 0, 0, odds(1, 2), 0], atol=1e-6)
    np.testing.assert_allclose(rates["user recently"][3], odds(1, 2, 2.0), atol=1e-6)


def test_items_have_what_is_known_and_users_also_what_is_asked_for() -> None:
    rates = rates_at(SHOWN, PAST, items=2)
    assert rates["item count"].tolist() == [0] * 5
    assert rates["user count"][3] > 0


def test_its_own_label_and_later_ones_change_nothing() -> None:
    turned = Impressions.of(
        [[0, 1], [0], [0], [1]], clicked=[[0], [0], [0], []], users=[0, 1, 0, -1], times=[10, 20, 30, 30]
    )
    one, two = (rates_at(shown, PAST.after(shown), items=2) for shown in (SHOWN, turned))
    for name in RATES:
        np.testing.assert_array_equal(one[name], two[name])


def test_unknown_items_and_users_have_the_level_of_the_log() -> None:
    nobody = Impressions.of([[-1]], clicked=[[]], times=[99])
    rates = rates_at(nobody, PAST.after(SHOWN), items=2)
    assert {name: float(value[0]) for name, value in rates.items()} == dict.fromkeys(RATES, 0.0)
