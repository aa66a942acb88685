"""Freshness: new items gain (boost) or old ones lose (decay), by half for each half-life of age.

Age is counted from an attribute of time, or from the first event of the item, to the moment of the request.
It does not know what is new to the user.

Shape letters: C candidates.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pydantic

from regard.data.packing import NO_TIME
from regard.recommend.rules.base import Asked, Effect, Moved, Rule
from regard.recommend.rules.context import Context

__all__ = ["Fresh"]

_DAY = 86_400 * 10**6


class Fresh(Rule):
    """Prefer what is new.

    Attributes
    ----------
    column
        An attribute of time; None for the first event of the item in the log.
    half_life_days
        After so many days the effect is half.
    mode
        ``"boost"`` adds ``strength * f`` to the relevance (0 to 1), f = 2^(-age / half-life); ``"decay"``
        multiplies it with ``1 - strength + strength * f``. An item without a time keeps its relevance; one
        from the future counts as new.
    strength
        From 0, which leaves the order as it is, to 1.
    """

    rule: Literal["fresh"] = "fresh"
    column: str | None = None
    half_life_days: float = pydantic.Field(gt=0)
    mode: Literal["boost", "decay"] = "boost"
    strength: float = pydantic.Field(ge=0, le=1)

    @property
    def label(self) -> str:
        """``fresh`` or ``fresh released``."""
        return self.name or ("fresh" if self.column is None else f"fresh {self.column}")

    def check(self, context: Context) -> None:
        """Refuse a column that holds no times."""
        context.need_time(self.column)

    def effect(self, asked: Asked) -> Effect:
        """Change the relevance."""
        if asked.now is None:
            return Effect(problem="it is not known when this is asked")
        age = self._days(asked)

        def why(moved: Moved) -> str | None:
            days = float(age[moved.candidate])
            return None if np.isnan(days) else f"{days:,.0f} days old"

        share = np.exp2(-np.nan_to_num(age) / self.half_life_days)
        if self.mode == "boost":
            return Effect(boost_C=np.where(np.isnan(age), 0.0, self.strength * share), why=why)
        factor = np.where(np.isnan(age), 1.0, 1 - self.strength + self.strength * share)
        return Effect(factor_C=factor, why=why)

    def _days(self, asked: Asked) -> np.ndarray:
        """Return ``[C]`` ages, NaN where the time is missing."""
        assert asked.now is not None
        time = asked.shared.context.time_of(self.column, asked.item_C)
        known = time != NO_TIME
        return np.where(known, np.maximum(asked.now - np.where(known, time, 0), 0) / _DAY, np.nan)
