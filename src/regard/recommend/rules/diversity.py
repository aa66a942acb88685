"""Diversity: an item is worth less where the list already holds what is like it, by MMR or by a DPP.

Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) looks at the most similar item of the list. A
determinantal point process looks at all of them together: its list of largest determinant is found greedily
with a Cholesky factor that grows by a row for each place (Chen, Zhang and Zhou, "Fast Greedy MAP Inference
for Determinantal Point Process to Improve Recommendation Diversity", NeurIPS 2018, algorithm 1 and the
trade-off of its section 4). Likeness is ``(1 + cosine) / 2``, from 0 to 1, as there. A row costs one product
of the candidates with one vector; the matrix of all pairs is never made.

Shape letters: C candidates, D width of a vector, N places that are filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pydantic

from regard.recommend.rules.base import Asked, Effect, Moved, Rule, Term
from regard.recommend.rules.context import Context

__all__ = ["Diversity", "DppTerm", "Likeness", "MmrTerm"]

_FLOOR = 1e-10  # a smaller share of new direction is rounding


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike candidates are.

    Parameters
    ----------
    unit_CD
        ``[C, D]`` float64 vectors of length 1, or of zeros: like nothing but itself.

    Examples
    --------
    >>> Likeness.of(np.array([[2.0, 0], [1, 0], [-1, 0], [0, 0]])).row(0).tolist()
    [1.0, 1.0, 0.0, 0.5]
    """

    unit_CD: np.ndarray

    @classmethod
    def of(cls, vectors_CD: np.ndarray) -> Likeness:
        """Make it of vectors of any length."""
        vectors = vectors_CD.astype(np.float64)
        norm = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cls(vectors / np.where(norm > 0, norm, 1.0))

    def row(self, candidate: int) -> np.ndarray:
        """Return ``[C]`` how much each candidate is like one of them, from 0 to 1."""
        cosine = self.unit_CD @ self.unit_CD[candidate]
        row: np.ndarray = np.clip((1 + cosine) / 2, 0.0, 1.0)
        row[candidate] = 1.0
        return row


class MmrTerm:
    """Minus the likeness to the most similar item of the list; 0 while it is empty."""

    def __init__(self, likeness: Likeness) -> None:
        self._likeness = likeness
        self._most_C = np.zeros(len(likeness.unit_CD))

    def bonus(self) -> np.ndarray:
        """Return ``[C]`` minus the largest likeness."""
        return -self._most_C

    def take(self, candidate: int) -> None:
        """Compare with one more item."""
        self._most_C = np.maximum(self._most_C, self._likeness.row(candidate))


class DppTerm:
    """What the logarithm of the determinant of the list's likeness gains by each candidate."""

    def __init__(self, likeness: Likeness) -> None:
        self._likeness = likeness
        self._left_C = np.ones(len(likeness.unit_CD))  # d squared in the paper
        self._factor_NC = np.empty((0, len(likeness.unit_CD)))  # c in the paper, a row for each place

    def bonus(self) -> np.ndarray:
        """Return ``[C]`` the gains; those of candidates that the list spans are log 1e-10."""
        gain: np.ndarray = np.log(np.maximum(self._left_C, _FLOOR))
        return gain

    def take(self, candidate: int) -> None:
        """Grow the Cholesky factor by a row."""
        left = self._left_C[candidate]
        if left <= _FLOOR:  # it adds no direction
            return
        known = self._factor_NC[:, candidate] @ self._factor_NC
        row = (self._likeness.row(candidate) - known) / np.sqrt(left)
        self._factor_NC = np.vstack([self._factor_NC, row])
        self._left_C = self._left_C - row**2


class Diversity(Rule):
    """Prefer what is unlike the items that already stand in the list.

    Attributes
    ----------
    method
        ``"mmr"`` or ``"dpp"``.
    strength
        From 0, which leaves the order as it is, to 1, where relevance no longer counts: 1 - lambda of MMR,
        1 - theta of the DPP.
    over
        What likeness is taken from: an attribute, or None for the item vectors. An item without value or
        vector is like nothing.
    """

    rule: Literal["diversity"] = "diversity"
    method: Literal["mmr", "dpp"] = "mmr"
    strength: float = pydantic.Field(ge=0, le=1)
    over: str | None = None

    @property
    def label(self) -> str:
        """``diversity`` or ``diversity genres``."""
        return self.name or ("diversity" if self.over is None else f"diversity {self.over}")

    @property
    def columns(self) -> tuple[str, ...]:
        """The attribute."""
        return () if self.over is None else (self.over,)

    def check(self, context: Context) -> None:
        """Refuse an attribute that is not there, or to compare vectors that are not there."""
        super().check(context)
        if self.over is None:
            context.need_vectors()

    def effect(self, asked: Asked) -> Effect:
        """Weigh what stands before."""
        likeness = self._likeness(asked)

        def term() -> Term:
            return MmrTerm(likeness) if self.method == "mmr" else DppTerm(likeness)

        return Effect(strength=self.strength, term=term, why=partial(self._why, likeness))

    def _why(self, likeness: Likeness, moved: Moved) -> str | None:
        """Name the most similar item before it."""
        before = moved.after.before(moved.candidate)
        if not before:
            return None
        like = likeness.row(moved.candidate)[before]
        nearest = int(like.argmax())
        said = f"{moved.asked.title(before[nearest])!r} at {nearest + 1} (likeness {like[nearest]:.2f})"
        return f"unlike what stands before it, the nearest is {said}" if moved.up else f"it is like {said}"

    def _likeness(self, asked: Asked) -> Likeness:
        if self.over is not None:
            return Likeness.of(asked.tags(self.over).table())
        vectors = asked.shared.context.vectors_VD
        assert vectors is not None
        return Likeness.of(vectors[asked.item_C])
