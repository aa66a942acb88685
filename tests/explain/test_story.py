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
    AttributeReason,
    Popular,
    Story,
    material,
    reason_of,
)
from regard.explain.words import words_of

TITLES = [f"Film {letter}" for letter in "ABCDEFGH"]
ITEMS = np.arange(8)
TOGETHER = "no single event of the history stands out, but together they speak for it"
NOTHING = "the history does not speak for it"


def story(*influence: float, popular: Popular = "no", together: float = 1.0) -> Story:
    count = len(influence)
    return Story(
        influence_E=np.array(influence),
        items_E=ITEMS[:count],
        titles_E=tuple(TITLES[:count]),
        popular=popular,
        together=together,
    )


def sentence(*influence: float) -> str:
    return story(*influence).tell()


@pytest.mark.parametrize(
    ("influence", "told"),
    [
        ([1.0], "because of Film A"),
        ([1.0, 2.0], "because of Film B and Film A"),
        ([1.0, 2.0, 3.0], "because of Film C, Film B and Film A"),
        ([1.0, 1.1, 1.2, 1.3], "because of Film D, Film C and Film B"),
        ([1.0, -5.0], "because of Film A"),
        ([np.inf, 1.0], "because of Film A and Film B"),
        ([0.04, 0.03], TOGETHER),
        ([-1.0, -2.0], TOGETHER),
        ([0.0], TOGETHER),
    ],
)
def test_the_strongest_supporting_events_are_named(influence: list[float], told: str) -> None:
    assert sentence(*influence) == told


def test_many_small_supports_of_which_none_stands_out_are_said_to_count_together() -> None:
    many = Story(influence_E=np.full(20, 0.2), items_E=np.arange(20), titles_E=("x",) * 20, together=3.0)
    assert many.tell() == TOGETHER


def test_a_history_that_does_nothing_is_not_made_a_cause() -> None:
    assert story(0.0, 0.01, together=0.01).tell() == NOTHING
    assert story(-1.0, together=-1.0).tell() == NOTHING


def test_an_item_is_called_popular_only_if_it_is_and_nothing_else_explains_it() -> None:
    assert story(0.0, popular="overall").tell() == f"one of the most popular items; {TOGETHER}"
    assert story(0.0, popular="now", together=0.0).tell() == f"popular at the moment; {NOTHING}"
    assert story(1.0, popular="now").tell() == "because of Film A"


def test_an_item_that_occurs_twice_in_the_history_is_named_once() -> None:
    twice = Story(
        influence_E=np.array([1.0, 0.9, 0.8]), items_E=np.array([4, 4, 2]), titles_E=("Tea", "Tea", "Cup")
    )
    assert twice.tell() == "because of Tea and Cup"


@pytest.mark.parametrize("verb", ["watched", "bought", "read", "listened to", "gelesen"])
def test_the_verb_fits_the_domain(verb: str) -> None:
    assert story(1.0).tell(verb=verb) == f"because you {verb} Film A"


@pytest.mark.parametrize("verb", ["", " ", "<b>", "watched;", "1"])
def test_a_verb_that_is_no_word_is_refused(verb: str) -> None:
    with pytest.raises(ConfigError, match="past tense"):
        story(1.0).tell(verb=verb)


def test_without_a_history_the_sentence_says_so() -> None:
    assert Story().tell() == "by popularity alone: the history has no event that the model knows"


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
    reason = reason_of(np.array(influence), np.array(replaced), **fields)
    assert ("" if reason is None else reason.tell(words_of("en"))) == told


def test_the_sentence_is_told_in_chinese_too() -> None:
    told = Story(
        influence_E=np.array([1.0, 2.0]),
        items_E=np.array([1, 2]),
        titles_E=("茶", "杯"),
        attribute=AttributeReason(name="brand", value="Nivea"),
    )
    assert told.tell("zh", verb="买过") == "因为您买过“杯”和“茶”；最有利的是它的brand（Nivea）"
    assert told.tell("en") == "because of 杯 and 茶; its brand, Nivea, speaks most for it"
    assert Story().tell("zh") == "仅依据热门程度：历史记录中没有模型认识的事件"
