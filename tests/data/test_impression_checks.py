"""Checks of impressions: each mark sits on the row that earns it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from regard.data.impression_checks import (
    check_amounts,
    check_classes,
    check_labels,
    check_one_moment,
    check_positions,
    check_propensities,
    check_repeats,
)
from regard.errors import DataError


def rows(marked: dict[str, np.ndarray]) -> dict[str, list[int]]:
    return {kind: np.flatnonzero(mask).tolist() for kind, mask in marked.items() if mask.any()}


def test_labels_are_0_or_1_in_whatever_type() -> None:
    for fine in (pl.Series([True, False]), pl.Series(["0", "1"]), pl.Series([0.0, 1.0])):
        assert rows(check_labels(fine)) == {}
    assert rows(check_labels(pl.Series(["1", "yes", "0.5", None]))) == {
        "null label": [3],
        "label that is not 0 or 1": [1, 2],
    }
    assert rows(check_labels(pl.Series([float("nan"), 1.0]))) == {"label that is not 0 or 1": [0]}


def test_amounts_positions_and_propensities_have_their_ranges() -> None:
    assert rows(check_amounts(pl.Series([0.0, 3.5, -1.0, float("inf")]))) == {
        "amount that is no number from 0": [2, 3]
    }
    assert rows(check_positions(pl.Series([0, 3, -1, None]))) == {
        "position that is no whole number from 0": [2, 3]
    }
    assert rows(check_positions(pl.Series([1.0, 1.5]))) == {"position that is no whole number from 0": [1]}
    wrong = rows(check_propensities(pl.Series([0.5, 1.0, 0.0, 1.1, None])))
    assert wrong == {"propensity that is not above 0 and at most 1": [2, 3, 4]}
    assert rows(check_propensities(pl.Series([[0.1]]))) == {
        "propensity that is not above 0 and at most 1": [0]
    }


def test_an_impression_has_one_user() -> None:
    marked = check_one_moment(np.array([5, 7, 5, 7]), {"user": np.array([1, 2, 3, 2])})
    assert rows(marked) == {"user that differs from that of the first row of its impression": [2]}


def test_a_repeat_is_marked_from_the_second_on_and_null_never_repeats() -> None:
    keys = pl.DataFrame({"user": ["a", "a", None, None, "a"], "item": [1, 1, 1, 1, 1]})
    assert np.flatnonzero(check_repeats(keys)).tolist() == [1, 4]


@pytest.mark.parametrize(("value", "which"), [(0.0, "0"), (1.0, "above 0")])
def test_one_class_only_is_refused_by_name(value: float, which: str) -> None:
    labels = {"click": np.array([0.0, 1.0]), "like": np.array([value, value])}
    with pytest.raises(DataError, match=f"log: all 2 labels of 'like' are {which}"):
        check_classes(labels, source="log")
    check_classes({"click": labels["click"]}, source="log")
