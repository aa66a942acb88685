"""Calibration: the list's mix of categories follows the mix of the user's history.

Steck, "Calibrated Recommendations", RecSys 2018: p is the mix of the history (an item with n categories gives
each 1/n), q that of the list, smoothed as ``(1 - a) q + a p`` with a = 0.01; a list is worth
``(1 - strength) * sum of relevance - strength * KL(p || q)``, filled greedily. Items without a category
change no mix; where the history has none, the rule does nothing and says so.

Shape letters: C candidates, G categories of the history.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np
import pydantic

from regard.recommend.rules.base import Asked, Effect, Moved, Rule
from regard.recommend.rules.context import Tags

__all__ = ["Calibrate", "CalibrationTerm", "Mixes", "mixes_of"]

_SMOOTH = 0.01


class Mixes:
    """The mix of a history, and what each candidate adds to that of a list.

    Parameters
    ----------
    names
        The G categories of the history.
    wanted_G
        ``[G]`` their shares in it, each above 0; the sum is 1.
    share_CG
        ``[C, G]`` share of each of them in a candidate; what is missing to 1 are other categories.
    has_C
        ``[C]`` bool: whether a candidate has a category at all.
    """

    def __init__(
        self, *, names: tuple[str, ...], wanted_G: np.ndarray, share_CG: np.ndarray, has_C: np.ndarray
    ) -> None:
        self.names, self.wanted_G, self.share_CG, self.has_C = names, wanted_G, share_CG, has_C


def mixes_of(history: Tags, candidates: Tags) -> Mixes | None:
    """Return the mixes; None where no item of the history has a category."""
    count_T = np.diff(history.offset_I1)
    events = int((count_T > 0).sum())
    if events == 0:
        return None
    weight_J = np.repeat(1 / np.maximum(count_T, 1), count_T)
    wanted = np.bincount(history.code_J, weights=weight_J, minlength=len(history.names)) / events
    count_C = np.diff(candidates.offset_I1)
    place = {name: number for number, name in enumerate(candidates.names)}
    own = candidates.table() / np.maximum(count_C, 1)[:, None]
    share = np.zeros((len(count_C), len(history.names)))
    for number, name in enumerate(history.names):
        if name in place:
            share[:, number] = own[:, place[name]]
    return Mixes(names=history.names, wanted_G=wanted, share_CG=share, has_C=count_C > 0)


class CalibrationTerm:
    """Minus the divergence of the list with each candidate from the history."""

    def __init__(self, mixes: Mixes) -> None:
        self._mixes = mixes
        self._sum_G = np.zeros(len(mixes.names))
        self._count = 0

    def bonus(self) -> np.ndarray:
        """Return ``[C]`` minus KL(p || q), in nats."""
        mixes = self._mixes
        count = np.maximum(self._count + mixes.has_C, 1)[:, None]
        list_CG = (self._sum_G + mixes.share_CG) / count
        smooth = (1 - _SMOOTH) * list_CG + _SMOOTH * mixes.wanted_G
        # -KL = sum p log q - sum p log p; the second sum is the same for all.
        gain: np.ndarray = np.log(smooth) @ mixes.wanted_G - mixes.wanted_G @ np.log(mixes.wanted_G)
        return gain

    def take(self, candidate: int) -> None:
        """Add a candidate to the mix."""
        self._sum_G = self._sum_G + self._mixes.share_CG[candidate]
        self._count += int(self._mixes.has_C[candidate])


class Calibrate(Rule):
    """Let the list have the mix of categories that the user's history has.

    Attributes
    ----------
    column
        The attribute that holds the category, or a set of them.
    strength
        From 0, which leaves the order as it is, to 1, where relevance no longer counts: lambda of the paper.
    """

    rule: Literal["calibrate"] = "calibrate"
    column: str
    strength: float = pydantic.Field(ge=0, le=1)

    @property
    def label(self) -> str:
        """``calibrate genres``."""
        return self.name or f"calibrate {self.column}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The attribute."""
        return (self.column,)

    def effect(self, asked: Asked) -> Effect:
        """Weigh the mix of what stands before."""
        mixes = self._mixes(asked)
        if mixes is None:
            return Effect(problem=f"no item of the history has a value of {self.column}")
        return Effect(
            strength=self.strength, term=lambda: CalibrationTerm(mixes), why=partial(self._why, mixes)
        )

    def _why(self, mixes: Mixes, moved: Moved) -> str | None:
        """Name the category of the item that the list has least, or most, beside the history."""
        before = [one for one in moved.after.before(moved.candidate) if mixes.has_C[one]]
        list_G = mixes.share_CG[before].sum(axis=0) / max(len(before), 1)
        own = np.flatnonzero(mixes.share_CG[moved.candidate] > 0)
        if not len(own):
            return None if moved.up else f"the history has none of its {self.column}"
        lack = mixes.wanted_G[own] - list_G[own]
        which = own[lack.argmax() if moved.up else lack.argmin()]
        return (
            f"{self.column}={mixes.names[which]} is {mixes.wanted_G[which]:.0%} of the history "
            f"and {list_G[which]:.0%} of what stands before it"
        )

    def _mixes(self, asked: Asked) -> Mixes | None:
        return mixes_of(asked.shared.tags_of(self.column, asked.history_T), asked.tags(self.column))
