"""The order of an attribution."""

from __future__ import annotations

import numpy as np

from regard.explain.methods.base import Attribution


def test_the_highest_value_comes_first_and_ties_go_to_the_later_event() -> None:
    assert Attribution(value_E=np.array([1.0, 3.0, 1.0, -2.0]), calls=1).order().tolist() == [1, 2, 0, 3]
    assert Attribution(value_E=np.array([-np.inf, np.inf, 0.0]), calls=1).order().tolist() == [1, 2, 0]
