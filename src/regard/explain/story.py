"""Story: one sentence from measured influence, by checked templates, claiming no more than was measured.

The rule: an event is named if the item's log-probability falls by at least `MIN_NATS` without it and
that is at least the share `MIN_SHARE` of what all supporting events together give; at most `MAX_NAMED`
events, the strongest first. If none is named the sentence says so, says whether all events together count,
and calls the item popular only where its count says that. It does not know how influence was measured.

Shape letters: E events of the history, F fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from regard.explain.words import Language, Words, checked_verb, words_of

__all__ = [
    "MAX_NAMED",
    "MIN_NATS",
    "MIN_SHARE",
    "AttributeReason",
    "Popular",
    "Story",
    "material",
    "named_titles",
    "reason_of",
]

MIN_NATS = 0.05
"""Without the event the item would be about 5 % less likely, or more."""

MIN_SHARE = 0.1
MAX_NAMED = 3

Popular = Literal["no", "overall", "now"]
"""Whether an item is one of the most popular ones, and whether the model knows that of late."""


def material(influence_E: np.ndarray) -> np.ndarray:
    """Return the positions of the events that may be named, the strongest first, all of them.

    Parameters
    ----------
    influence_E
        ``[E]`` influence in nats, as `leave_one_out` measures it.

    Examples
    --------
    >>> material(np.array([0.02, 1.5, -2.0, 0.3, 0.1])).tolist()
    [1, 3]
    """
    support = np.maximum(influence_E, 0.0)
    finite = support[np.isfinite(support)]
    least = max(MIN_NATS, MIN_SHARE * float(finite.sum()))
    strongest = np.argsort(-support, kind="stable")
    named: np.ndarray = strongest[support[strongest] >= least]
    return named


def named_titles(influence_E: np.ndarray, items_E: np.ndarray, titles_E: Sequence[str]) -> list[str]:
    """Return the titles of the events that are named, the strongest first; an item is named once."""
    named = dict.fromkeys(items_E[material(influence_E)].tolist())
    title_of = dict(zip(items_E.tolist(), titles_E, strict=True))
    return [title_of[item] for item in named][:MAX_NAMED]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeReason:
    """The field that speaks most for an item.

    Parameters
    ----------
    name, value
        What to call them; a value without a short form is None. No name: what others did with the item.
    """

    name: str | None
    value: str | None = None

    def tell(self, words: Words) -> str:
        """Say it."""
        if self.name is None:
            return words.own_history
        name = self.name.replace("_", " ")
        if self.value is None:
            return words.attribute.format(name=name)
        return words.attribute_value.format(name=name, value=self.value)


def reason_of(
    influence_F: np.ndarray, replaced_F: np.ndarray, *, names: Sequence[str], values: Sequence[str | None]
) -> AttributeReason | None:
    """Return which attribute of an item speaks most for it; None if none stands out.

    The rule of the events holds for attributes too, one has to be alone at the top, and its value has to
    matter: with the values of other items in its place the item falls by `MIN_NATS`, too. The first field,
    the id, stands for what others did with the item: it is called the item's own history.

    Parameters
    ----------
    influence_F
        ``[F]`` influence of each field of the item in nats, NaN where it has no value.
    replaced_F
        ``[F]`` mean fall with the values of other items, in nats; NaN where that is not known.
    names, values
        ``[F]`` what to call the fields and their values; None where a value has no short form.

    Examples
    --------
    >>> fields = {"names": ["item_id", "brand", "size"], "values": ["i7", "Nivea", "4"]}
    >>> reason_of(np.array([0.1, 1.2, 0.0]), np.array([np.nan, 0.9, 0.0]), **fields)
    AttributeReason(name='brand', value='Nivea')
    """
    support_F = np.nan_to_num(influence_F, nan=0.0, posinf=np.inf, neginf=0.0)
    named = material(support_F)
    if not len(named) or (support_F == support_F[named[0]]).sum() > 1:
        return None
    first = int(named[0])
    if first == 0:
        return AttributeReason(name=None)
    if replaced_F[first] < MIN_NATS:
        return None
    return AttributeReason(name=names[first], value=values[first])


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What was measured of one item, ready to be told.

    Parameters
    ----------
    influence_E
        ``[E]`` influence of each event that was read, in nats.
    items_E, titles_E
        ``[E]`` number and title of the item of each event.
    together
        Influence of all events at once.
    popular
        Whether the item is one of the most popular ones, and whether lately.
    attribute
        What of the item speaks most for it; None if nothing stands out.

    Examples
    --------
    >>> titles = ("Alien", "Amélie", "Blade Runner")
    >>> told = Story(influence_E=np.array([0.4, -0.1, 0.9]), items_E=np.array([3, 1, 2]), titles_E=titles)
    >>> told.tell(verb="watched")
    'because you watched Blade Runner and Alien'
    >>> told.tell("zh", verb="看过")
    '因为您看过“Blade Runner”和“Alien”'
    """

    influence_E: np.ndarray = field(default_factory=lambda: np.empty(0))
    items_E: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    titles_E: tuple[str, ...] = ()
    together: float = 0.0
    popular: Popular = "no"
    attribute: AttributeReason | None = None

    def tell(self, language: Language = "en", *, verb: str | None = None) -> str:
        """Say in one sentence why the item is recommended.

        Parameters
        ----------
        language
            ``"en"`` or ``"zh"``.
        verb
            What the user did, in the past tense and in that language: ``"watched"``, ``"看过"``.

        Raises
        ------
        ConfigError
            If there is no such language, or `verb` is not made of words.
        """
        words, did = words_of(language), checked_verb(verb)
        if not len(self.influence_E):
            return words.no_history
        clauses = self._events(words, did)
        if self.attribute is not None:
            clauses.append(self.attribute.tell(words))
        return words.clause.join(clauses)

    def _events(self, words: Words, verb: str | None) -> list[str]:
        titles = named_titles(self.influence_E, self.items_E, self.titles_E)
        if titles:
            items = words.listed(titles)
            if verb is None:
                return [words.because.format(items=items)]
            return [words.because_verb.format(verb=verb, items=items)]
        popular = {"no": [], "overall": [words.popular], "now": [words.popular_now]}[self.popular]
        if self.together < MIN_NATS:
            return [*popular, words.nothing]
        return [*popular, words.together]
