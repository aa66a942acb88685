"""What a method is: a question in, one number for each event out, and how often the model was asked.

Shape letters: E events of the history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from regard.explain.question import Question
from regard.models.protocols import Scorer

__all__ = ["Attribution", "Covers", "Method"]

Covers = Literal["the served score", "the network", "nothing"]
"""Of what a method speaks: network, item memory and trend together; the network alone; neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """What each event did for the item, as one method sees it.

    Parameters
    ----------
    value_E
        ``[E]`` float64, higher speaks more for the item; units are those of the method.
    calls
        How many histories the model read for it; a step with a gradient counts three, as it costs.
    error_E
        ``[E]`` standard errors where the method draws at random; None where it does not.
    """

    value_E: np.ndarray
    calls: int
    error_E: np.ndarray | None = None

    def order(self) -> np.ndarray:
        """Return the positions of the events, the most important first; ties: the later event first.

        Examples
        --------
        >>> Attribution(value_E=np.array([0.0, 2.0, 0.0]), calls=1).order().tolist()
        [1, 2, 0]
        """
        late_first = np.argsort(-self.value_E[::-1], kind="stable")
        order: np.ndarray = len(self.value_E) - 1 - late_first
        return order


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way to attribute an item to the events of a history.

    Parameters
    ----------
    name
        What to call it.
    covers
        Which part of the served score it speaks of.
    faithful
        Whether it claims that what it names first is what the model relies on; controls do not.
    attribute
        Called with a question and a seed.
    fits
        Whether a scorer has what the method needs.
    """

    name: str
    covers: Covers
    faithful: bool
    attribute: Callable[[Question, int], Attribution]
    fits: Callable[[Scorer[Any]], bool]
