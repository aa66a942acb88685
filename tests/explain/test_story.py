"""The sentence names what was measured and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import ConfigError
from regard.explain.story import (
    MAX_NAMED,
    MIN_NATS,
    MIN_SHARE,
    material,
    tell,
    tell_attribute,
    tell_without_history,
)

TITLES = [f"Film {letter}" for letter in "ABCDEFGH"]
ITEMS = np.arange(8)


def sentence(*influence: float, popular: bool = False, verb: str | None = None) -> str:
    count = len(influence)
    return tell(np.array(influence), ITEMS[:count], TITLES[:count], popular=popular, verb=verb)


@pytest.mark.parametrize(
    ("influence", "told"),
    [
        ([1.0], "because of Film A"),
        ([1.0, 2.0], "because of Film B and Film A"),
        ([1.0, 2.0, 3.0], "because of Film C, Film B and Film A"),
        ([1.0, 1.1, 1.2, 1.3], "because of Film D, Film C and Film B"),
        ([1.0, -5.0], "because of Film A"),
        ([np.inf, 1.0], "because of Film A and Film B"),
        ([0.04, 0.03], "no single event of the history stands out"),
        ([-1.0, -2.0], "no single event of the history stands out"),
        ([0.0], "no single event of the history stands out"),
    ],
)
def test_the_strongest_supporting_events_are_named(influence: list[float], told: str) -> None:
    assert sentence(*influence) == told


def test_many_small_supports_of_which_none_stands_out_are_not_named() -> None:
    assert tell(np.full(20, 0.2), np.arange(20), ["x"] * 20, popular=False) == (
        "no single event of the history stands out"
    )


def test_an_item_is_called_popular_only_if_it_is_and_nothing_else_explains_it() -> None:
    assert sentence(0.0, popular=True) == (
        "one of the most popular items; no single event of the history stands out"
    )
    assert sentence(0.0, popular=False) == "no single event of the history stands out"
    assert sentence(1.0, popular=True) == "because of Film A"


def test_an_item_that_occurs_twice_in_the_history_is_named_once() -> None:
    told = tell(np.array([1.0, 0.9, 0.8]), np.array([4, 4, 2]), ["Tea", "Tea", "Cup"], popular=False)
    assert told == "because of Tea and Cup"


@pytest.mark.parametrize("verb", ["watched", "bought", "read", "listened to", "gelesen"])
def test_the_verb_fits_the_domain(verb: str) -> None:
    assert sentence(1.0, verb=verb) == f"because you {verb} Film A"


@pytest.mark.parametrize("verb", ["", " ", "<b>", "watched;", "1"])
def test_a_verb_that_is_no_word_is_refused(verb: str) -> None:
    with pytest.raises(ConfigError, match="past tense"):
        sentence(1.0, verb=verb)


def test_without_a_history_the_sentence_says_so() -> None:
    assert tell_without_history() == "by popularity alone: the history has no event that the model knows"


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=8))
def test_no_event_is_named_that_the_rule_does_not_cover(influence: list[float]) -> None:
    support = np.maximum(np.array(influence), 0)
    told = sentence(*influence)
    named = [title for title in TITLES if title in told]
    assert len(named) <= MAX_NAMED
    for title in named:
        own = support[TITLES.index(title)]
        assert own >= MIN_NATS
        assert own >= MIN_SHARE * support.sum() * (1 - 1e-12)
    assert len(material(np.array(influence))) >= len(named)
    assert bool(named) == told.startswith("because")


@pytest.mark.parametrize(
    ("influence", "replaced", "told"),
    [
        ([0.1, 1.0, 0.2], [np.nan, 1.0, 0.0], "its main colour, red, speaks most for it"),
        ([0.1, 0.2, 1.0], [np.nan, 1.0, 0.5], "its image speaks most for it"),
        ([2.0, 1.0, np.nan], [np.nan, 1.0, np.nan], "its own history speaks most for it"),
        ([0.1, 1.0, 0.2], [np.nan, 0.01, 0.0], ""),  # any other colour would do as well
        ([0.1, 1.0, 1.0], [np.nan, 1.0, 1.0], ""),  # none is alone at the top
        ([0.0, 0.04, -3.0], [np.nan, 1.0, 0.0], ""),
        ([np.nan, np.nan, np.nan], [np.nan, np.nan, np.nan], ""),
    ],
)
def test_an_attribute_is_named_only_if_its_value_matters_most(
    influence: list[float], replaced: list[float], told: str
) -> None:
    fields = {"names": ["item_id", "main_colour", "image"], "values": ["i7", "red", None]}
    assert tell_attribute(np.array(influence), np.array(replaced), **fields) == told
