"""Words: the templates of every sentence, in English and Chinese.

A sentence is a template and what was measured; nothing is generated. Both languages have the same templates
with the same blanks, which a test holds. When a sentence may be said is for `regard.explain.story` to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from regard.errors import ConfigError

__all__ = ["WORDS", "Language", "Words", "checked_verb", "words_of"]

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The templates of one language; blanks are in braces.

    Parameters
    ----------
    comma, last_and, quoted, clause
        How things are listed (before the last one), how a title is set off, what stands between clauses.
    because, because_verb
        Events are named.
    together, nothing
        No event stands out, but all of them count; not even all of them do.
    popular, popular_now, no_history
        The item is popular over all training events, or lately; there was nothing to read.
    own_history, attribute, attribute_value
        What speaks most for an item: what others did with it, or an attribute.
    rather, rather_none, not_before
        One item and not another.
    without, without_none, not_listed
        What would drive an item out of the list.
    """

    comma: str
    last_and: str
    quoted: str
    clause: str
    because: str
    because_verb: str
    together: str
    nothing: str
    popular: str
    popular_now: str
    no_history: str
    own_history: str
    attribute: str
    attribute_value: str
    rather: str
    rather_none: str
    not_before: str
    without: str
    without_none: str
    not_listed: str

    def listed(self, titles: Sequence[str]) -> str:
        """Return titles as a list in a sentence.

        Examples
        --------
        >>> words_of("en").listed(["Alien", "Brazil", "Chef"]), words_of("zh").listed(["Alien", "Brazil"])
        ('Alien, Brazil and Chef', '“Alien”和“Brazil”')
        """
        *front, last = [self.quoted.format(title=title) for title in titles]
        return f"{self.comma.join(front)}{self.last_and}{last}" if front else last


WORDS = MappingProxyType(
    {
        "en": Words(
            comma=", ",
            last_and=" and ",
            quoted="{title}",
            clause="; ",
            because="because of {items}",
            because_verb="because you {verb} {items}",
            together="no single event of the history stands out, but together they speak for it",
            nothing="the history does not speak for it",
            popular="one of the most popular items",
            popular_now="popular at the moment",
            no_history="by popularity alone: the history has no event that the model knows",
            own_history="its own history speaks most for it",
            attribute="its {name} speaks most for it",
            attribute_value="its {name}, {value}, speaks most for it",
            rather="{item} rather than {other} because of {items}",
            rather_none="{item} comes before {other}, but no single event of the history stands out",
            not_before="{item} does not come before {other}",
            without="without {items} it would not be among the first {k}",
            without_none="no set of up to {most} events was found without which it leaves the first {k}",
            not_listed="it is not among the first {k}, so nothing has to be left out",
        ),
        "zh": Words(
            comma="、",
            last_and="和",
            quoted="“{title}”",
            clause="；",
            because="因为{items}",
            because_verb="因为您{verb}{items}",
            together="历史记录中没有哪一个事件单独起明显作用，但它们合起来支持这一推荐",
            nothing="历史记录并不支持这一推荐",
            popular="属于最热门的物品之一",
            popular_now="目前很热门",
            no_history="仅依据热门程度：历史记录中没有模型认识的事件",
            own_history="最有利的是它自身的历史记录",
            attribute="最有利的是它的{name}",
            attribute_value="最有利的是它的{name}（{value}）",
            rather="推荐{item}而不是{other}，是因为{items}",
            rather_none="{item}排在{other}之前，但历史记录中没有哪一个事件单独起明显作用",
            not_before="{item}并未排在{other}之前",
            without="如果没有{items}，它就不会进入前{k}名",
            without_none="没有找到不超过{most}个事件、去掉之后它就不会进入前{k}名的组合",
            not_listed="它不在前{k}名之内，因此无需去掉任何事件",
        ),
    }
)


def words_of(language: str) -> Words:
    """Return the templates of a language.

    Raises
    ------
    ConfigError
        If there are none.
    """
    if language not in WORDS:
        raise ConfigError(f"language = {language!r}: explanations are told in {' and '.join(WORDS)}")
    return WORDS[language]


def checked_verb(verb: str | None) -> str | None:
    """Return what a user did, in the past tense: ``"watched"``, ``"看过"``; None leaves it open.

    Raises
    ------
    ConfigError
        If it is not made of words.
    """
    if verb is not None and not verb.replace(" ", "").isalpha():
        raise ConfigError(
            f"verb = {verb!r}: give what the user did, in the past tense: watched, bought, read"
        )
    return verb
