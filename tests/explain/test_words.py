"""Both languages say the same things with the same blanks."""

from __future__ import annotations

from dataclasses import asdict
from string import Formatter

import pytest

from regard.errors import ConfigError
from regard.explain.words import WORDS, checked_verb, words_of


def blanks(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_template_has_the_same_blanks_in_both_languages() -> None:
    english, chinese = (asdict(WORDS[language]) for language in ("en", "zh"))
    for name, template in english.items():
        assert blanks(template) == blanks(chinese[name]), name
        assert name in {"comma", "last_and", "quoted", "clause"} or template != chinese[name]


@pytest.mark.parametrize("verb", ["watched", "listened to", "看过", None])
def test_a_verb_is_made_of_words(verb: str | None) -> None:
    assert checked_verb(verb) == verb


def test_a_language_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="told in en and zh"):
        words_of("fr")
    with pytest.raises(ConfigError, match="past tense"):
        checked_verb("<b>")
