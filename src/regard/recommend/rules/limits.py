"""Rules that hold or forbid: block (never), pin (an item at a place), cap (at most so many of a value).

A pin yields to a block and to what a request allows; a cap yields to pins, and to an empty place unless it
says ``"when_short": "leave"``. What could not be held is said.

Shape letters: C candidates, G values of an attribute.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np
import pydantic

from regard.data.vocab import Id
from regard.recommend.rules.base import Asked, Capped, Effect, Moved, Rule, Value, number_of, texts
from regard.recommend.rules.context import Context

__all__ = ["Block", "Cap", "Pin"]

_MISSING = "(missing)"


class Block(Rule):
    """Never recommend these items, nor any item with these values of an attribute.

    Attributes
    ----------
    items
        Ids; those outside the catalogue are ignored.
    column, values
        An attribute and its values; an item with one of them is blocked. A missing value is never blocked.
    """

    rule: Literal["block"] = "block"
    items: tuple[Id, ...] = ()
    column: str | None = None
    values: tuple[Value, ...] = ()

    @pydantic.model_validator(mode="after")
    def _something(self) -> Block:
        if (self.column is None) != (not self.values):
            raise ValueError("column and values belong together")
        if not self.items and self.column is None:
            raise ValueError("give items, or column and values")
        return self

    @property
    def label(self) -> str:
        """``block brand=Nivea`` or ``block``."""
        said = "" if self.column is None else f" {self.column}={'|'.join(texts(self.values))}"
        return self.name or f"block{said}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The attribute."""
        return () if self.column is None else (self.column,)

    def effect(self, asked: Asked) -> Effect:
        """Take them out."""
        numbers = [number_of(item, asked.shared.context) for item in self.items]
        gone = np.isin(asked.item_C, [number for number in numbers if number is not None])
        if self.column is not None:
            tags = asked.tags(self.column)
            banned = [place for place, name in enumerate(tags.names) if name in set(texts(self.values))]
            gone |= tags.table()[:, banned].any(axis=1)
        return Effect(gone_C=gone, why=partial(self._why, gone))

    def _why(self, gone_C: np.ndarray, moved: Moved) -> str | None:
        """Name the value, or the item."""
        if not gone_C[moved.candidate]:
            return None
        if self.column is not None:
            values = moved.asked.tags(self.column).of(moved.candidate)
            banned = [value for value in values if value in texts(self.values)]
            if banned:
                return f"{self.column}={banned[0]} is never recommended"
        return "this item is never recommended"


class Pin(Rule):
    """Put an item at a place, for users who may get it.

    Who may: where the item is among the candidates, or where the request allows it (not seen, not excluded,
    known to the model). Where the list is too short for the place, it takes the last one.

    Attributes
    ----------
    item
        Its id.
    position
        Its place, from 1. In lists that are asked to be shorter it is not pinned.
    """

    rule: Literal["pin"] = "pin"
    item: Id
    position: int = pydantic.Field(ge=1)

    @property
    def label(self) -> str:
        """``pin ID``."""
        return self.name or f"pin {self.item}"

    def pinned(self, context: Context) -> int | None:
        """Return the number of the item."""
        return number_of(self.item, context)

    def effect(self, asked: Asked) -> Effect:
        """Pin it, or say why not."""
        number = self.pinned(asked.shared.context)
        if number is None:
            return Effect(problem=f"item {self.item!r} is not in the catalogue")
        if number in asked.refused:
            return Effect(
                problem=f"item {self.item!r} may not be recommended here: it is no candidate, and it was "
                "seen, excluded or is unknown to the model"
            )
        pin = int(np.flatnonzero(asked.item_C == number)[0])
        said = f"pinned at {self.position}"
        return Effect(
            pin=pin, place=self.position - 1, why=lambda moved: said if moved.candidate == pin else None
        )


class Cap(Rule):
    """At most so many items with the same value of an attribute; of a set, each value counts.

    Attributes
    ----------
    column
        The attribute.
    most
        How many items of a value a list may hold.
    values
        Only these values are capped; None: all.
    missing
        Items without a value are ``"free"``, or count ``"together"`` as one value of their own.
    when_short
        Where no candidate is left that the cap allows: ``"fill"`` the place against it (and say so), or
        ``"leave"`` it empty.
    """

    rule: Literal["cap"] = "cap"
    column: str
    most: int = pydantic.Field(ge=1)
    values: tuple[Value, ...] | None = pydantic.Field(default=None, min_length=1)
    missing: Literal["free", "together"] = "free"
    when_short: Literal["fill", "leave"] = "fill"

    @property
    def label(self) -> str:
        """``cap brand`` or ``cap brand=Nivea``."""
        said = "" if self.values is None else f"={'|'.join(texts(self.values))}"
        return self.name or f"cap {self.column}{said}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The attribute."""
        return (self.column,)

    def effect(self, asked: Asked) -> Effect:
        """Count the values."""
        tags = asked.tags(self.column)
        names, has = tags.names, tags.table()
        if self.values is not None:
            capped = [place for place, name in enumerate(names) if name in set(texts(self.values))]
            names, has = tuple(names[place] for place in capped), has[:, capped]
        if self.missing == "together":
            none = np.diff(tags.offset_I1) == 0
            names, has = (*names, _MISSING), np.column_stack([has, none])
        cap = Capped(has_CG=has, names=names, most=self.most, fill=self.when_short == "fill")
        return Effect(cap=cap, why=partial(self._why, cap))

    def _why(self, cap: Capped, moved: Moved) -> str | None:
        """Name the value of which there are enough."""
        if moved.up:
            return None
        count_G = cap.has_CG[moved.after.before(moved.candidate)].sum(axis=0)
        full = np.flatnonzero(cap.has_CG[moved.candidate] & (count_G >= cap.most))
        if not len(full):
            return None
        return (
            f"the list has {int(count_G[full[0]])} of {self.column}={cap.names[full[0]]}, at most {cap.most}"
        )
