"""What a rule is: a configuration that says its effect on one user's candidates and can explain a move.

Effects are of five kinds (taken out, scored differently, pinned, capped, weighed by what stands before), so
that all rules of a policy act in one pass over the list (`regard.recommend.rules.fill`) and none undoes
another. It does not know which rules there are.

Shape letters: C candidates of one user, I items of a request, G values of an attribute, T events of a
history.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pydantic

from regard.config import Config
from regard.data.vocab import UNKNOWN, Id
from regard.recommend.rules.context import Context, Tags

__all__ = [
    "Asked",
    "Capped",
    "Effect",
    "Moved",
    "Order",
    "Rule",
    "Shared",
    "Term",
    "Value",
    "number_of",
    "texts",
]

Value = bool | int | float | str


class Term(Protocol):
    """Part of the worth of each candidate that depends on what stands before it; made anew for each pass."""

    def bonus(self) -> np.ndarray:
        """Return ``[C]`` the worth of each candidate at the next place."""
        ...

    def take(self, candidate: int) -> None:
        """Note that a candidate stands at the next place."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the users of a request share.

    Parameters
    ----------
    context
        The catalogue.
    item_I
        ``[I]`` the items of all candidates and histories, sorted.
    tags
        By column: their values of the attributes that rules name.
    """

    context: Context
    item_I: np.ndarray
    tags: Mapping[str, Tags]

    def tags_of(self, column: str, item: np.ndarray) -> Tags:
        """Return the values of an attribute for items of the request; equal whoever else is in it."""
        return self.tags[column].taken(np.searchsorted(self.item_I, item))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One user's candidates.

    Parameters
    ----------
    shared
        The catalogue and the attributes of the items.
    item_C
        ``[C]`` item numbers, best first; pinned items that are no candidates come last.
    relevance_C
        ``[C]`` float64 scores, laid between 0 (the worst candidate) and 1 (the best).
    ranked
        How many of them are candidates.
    refused
        Pinned items that this user may not get.
    history_T
        ``[T]`` the user's items.
    now
        Microseconds at which the list is asked for; None if not known.
    """

    shared: Shared
    item_C: np.ndarray
    relevance_C: np.ndarray
    ranked: int
    refused: frozenset[int]
    history_T: np.ndarray
    now: int | None

    def tags(self, column: str) -> Tags:
        """Return the values of an attribute for the candidates."""
        return self.shared.tags_of(column, self.item_C)

    def title(self, candidate: int) -> str:
        """Return what a sentence calls a candidate."""
        return self.shared.context.title(int(self.item_C[candidate]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Capped:
    """At most so many of each value.

    Parameters
    ----------
    has_CG
        ``[C, G]`` bool: the values that count, of each candidate.
    names
        The G values.
    most
        How many of a value a list may hold.
    fill
        Whether places that cannot be filled otherwise are filled against the rule.
    """

    has_CG: np.ndarray
    names: tuple[str, ...]
    most: int
    fill: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a rule does to the candidates of one user; a part that is None it does not do.

    Parameters
    ----------
    gone_C
        ``[C]`` bool: taken out.
    factor_C, boost_C
        ``[C]`` what the relevance is multiplied with, and what is added to it then.
    pin, place
        A candidate that stands at a place (from 0).
    cap
        At most so many of each value.
    strength, term
        From 0 to 1, how much the term counts beside the relevance.
    why
        Says why a candidate moved; None where only others' moves moved it.
    problem
        Why the rule cannot be followed for this user; empty if it can.
    """

    gone_C: np.ndarray | None = None
    factor_C: np.ndarray | None = None
    boost_C: np.ndarray | None = None
    pin: int | None = None
    place: int = 0
    cap: Capped | None = None
    strength: float = 0.0
    term: Callable[[], Term] | None = None
    why: Callable[[Moved], str | None] = lambda moved: None
    problem: str = ""

    @property
    def idle(self) -> bool:
        """Whether it changes nothing."""
        changes = (self.factor_C, self.boost_C, self.pin, self.cap, self.term)
        none_gone = self.gone_C is None or not self.gone_C.any()
        return none_gone and all(change is None for change in changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A list and what follows it.

    Parameters
    ----------
    chosen
        The candidates of the list, in order.
    place_C
        ``[C]`` place of each candidate from 1: those of the list, then all others by relevance; 0 for those
        that are taken out.
    pinned_late
        By effect: the place (from 0) of a pin that had to stand earlier, since the list is too short.
    over
        By effect: the values of which the list holds more than the cap allows.
    """

    chosen: list[int]
    place_C: np.ndarray
    pinned_late: Mapping[int, int]
    over: Mapping[int, list[str]]

    def before(self, candidate: int) -> list[int]:
        """Return what stands before a candidate; the whole list where it is not in it."""
        place = int(self.place_C[candidate])
        return self.chosen[: place - 1] if place else self.chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A candidate that stands elsewhere since a rule acts.

    Parameters
    ----------
    asked
        The user's candidates.
    candidate
        The one that moved.
    before, after
        The lists without and with the rule.
    """

    asked: Asked
    candidate: int
    before: Order
    after: Order

    @property
    def up(self) -> bool:
        """Whether it stands further up than before."""
        old, new = int(self.before.place_C[self.candidate]), int(self.after.place_C[self.candidate])
        return new > 0 and (old == 0 or new < old)


class Rule(Config, ABC):
    """Base class of the rules of a policy.

    Attributes
    ----------
    name
        What explanations call the rule; None for what `label` makes of it.
    """

    name: str | None = pydantic.Field(default=None, min_length=1)

    @property
    @abstractmethod
    def label(self) -> str:
        """What explanations call the rule."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Attributes that the rule reads."""
        return ()

    def check(self, context: Context) -> None:
        """Refuse what the catalogue does not have.

        Raises
        ------
        ConfigError
            If a column does not exist or holds something else, naming the nearest.
        """
        for column in self.columns:
            context.need_column(column)

    def pinned(self, context: Context) -> int | None:
        """Return the number of the item that the rule pins; None if it pins none that the catalogue has."""
        return None

    @abstractmethod
    def effect(self, asked: Asked) -> Effect:
        """Return what the rule does to the candidates of one user."""


def texts(values: tuple[Value, ...]) -> tuple[str, ...]:
    """Return values as attributes are read: as text.

    Examples
    --------
    >>> texts((3, 3.0, True, "x"))
    ('3', '3', 'true', 'x')
    """
    return tuple(
        str(one).lower()
        if isinstance(one, bool)
        else f"{one:.15g}"
        if isinstance(one, float)
        else str(one).strip()
        for one in values
    )


def number_of(item: Id, context: Context) -> int | None:
    """Return the number of an item by its id; None if the catalogue does not have it."""
    number = int(context.items.encode([item])[0])
    return None if number == UNKNOWN else number
