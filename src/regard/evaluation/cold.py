"""Cold items: how well a ranker finds items that training has no event of.

Two questions for each query. Among all items: does the new item come up beside those that everybody knows?
Among the cold items alone: is it the right one of the new ones? The second says what the attributes tell, the
first also whether new items stand a chance. It does not know how the items became cold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.split import Queries
from regard.evaluation.protocol import EvaluateOptions, Evaluation, evaluate
from regard.models.protocols import Ranked

__all__ = ["Among", "ColdEvaluation", "RanksSome", "evaluate_cold"]


class RanksSome(Protocol):
    """Anything that ranks the catalogue, or a part of it, for histories; `Recommender` is one."""

    def rank(
        self, histories: Histories, *, k: int, exclude_seen: bool = True, only_V: np.ndarray | None = None
    ) -> Ranked:
        """Return the `k` best items, of those marked in `only_V` (``[V]`` bool), for each history."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """A ranker that knows only some items as candidates; histories are read as ever.

    Parameters
    ----------
    ranker
        What ranks.
    only_V
        ``[V]`` bool: the candidates.
    """

    ranker: RanksSome
    only_V: np.ndarray

    def rank(self, histories: Histories, *, k: int, exclude_seen: bool = True) -> Ranked:
        """Return the `k` best of the candidates for each history."""
        return self.ranker.rank(histories, k=k, exclude_seen=exclude_seen, only_V=self.only_V)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdEvaluation:
    """What a ranker achieved on queries for cold items.

    Parameters
    ----------
    among_all, among_cold
        With all items as candidates, and with the cold ones alone.
    candidates
        Number of cold items.
    """

    among_all: Evaluation
    among_cold: Evaluation
    candidates: int

    def to_json(self) -> dict[str, Any]:
        """Return both as a dictionary that JSON can hold, without the values user by user."""
        return {
            "candidates": self.candidates,
            "among_all": self.among_all.to_json(),
            "among_cold": self.among_cold.to_json(),
        }


def evaluate_cold(
    ranker: RanksSome,
    queries: Queries,
    *,
    train: Dataset,
    cold_V: np.ndarray,
    name: str,
    options: EvaluateOptions | None = None,
) -> ColdEvaluation:
    """Ask for cold items twice: among all items, and among the cold ones alone.

    Parameters
    ----------
    ranker
        Ranks the catalogue or a part of it.
    queries
        Whose targets are cold (`regard.data.cold`).
    train
        What the ranker learned from; it has no event of a cold item.
    cold_V
        ``[V]`` bool: the cold items.
    name
        What to call the ranker.
    options
        How to evaluate; None for the defaults.

    Raises
    ------
    SplitError
        If there are no queries.
    """
    assert not (train.item_counts[cold_V] > 0).any(), "a cold item has events in training"
    assert cold_V[queries.target].all(), "a target is not cold"
    among_cold = Among(ranker=ranker, only_V=cold_V)
    return ColdEvaluation(
        among_all=evaluate(ranker, queries, train=train, name=name, options=options),
        among_cold=evaluate(among_cold, queries, train=train, name=name, options=options),
        candidates=int(cold_V.sum()),
    )
