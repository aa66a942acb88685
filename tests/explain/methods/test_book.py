"""Every method answers every question, or says that it does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from tests.explain.questions import blended, linear, question_of

from regard.errors import ConfigError
from regard.explain.methods.book import CONTROLS, METHODS, fitting, method_of


def test_a_network_has_all_methods_and_counts_only_removal_and_controls() -> None:
    assert fitting(blended()) == list(METHODS)
    assert [one.name for one in fitting(linear())] == [
        "leave one out",
        "in rounds",
        "one by one",
        "shapley",
        "latest first",
        "random order",
    ]
    assert {one.name for one in METHODS} >= set(CONTROLS)


@pytest.mark.parametrize("method", METHODS, ids=lambda one: one.name)
@pytest.mark.parametrize("history", [[4], [4, 4], [3, 1, 4, 9, 5, 0, 3]])
def test_each_gives_one_finite_number_for_each_event(method: object, history: list[int]) -> None:
    found = method.attribute(question_of(blended(), history, 7), 0)  # type: ignore[attr-defined]
    assert found.value_E.shape == (len(history),)
    assert np.isfinite(found.value_E).all()
    assert sorted(found.order().tolist()) == list(range(len(history)))


def test_an_unknown_method_is_refused_with_those_that_exist() -> None:
    with pytest.raises(
        ConfigError, match="there is no method 'lime' of explaining; there are: leave one out"
    ):
        method_of("lime")
