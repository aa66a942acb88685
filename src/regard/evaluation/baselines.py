"""The baselines that stand beside every model, as a list of names and how to fit them.

Each is a Scorer, fit from the training part alone; a validation cut of it, where there is one, chooses the
settings of those that have settings. One that the catalogue is too large for is left out, with its reason,
and the others stand. It does not know how they are ranked or measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from regard.data.dataset import Dataset
from regard.data.split import Holdout
from regard.errors import CapacityError
from regard.evaluation.linear import EASE
from regard.evaluation.neighbours import ItemKNN
from regard.evaluation.popularity import Popularity, RandomScorer, RecentPopularity
from regard.models.protocols import Scorer

__all__ = ["Baseline", "FitBaseline", "LeftOut", "default_baselines"]

FitBaseline: TypeAlias = Callable[[Dataset, Holdout | None], Scorer[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A baseline that is not in a table, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A baseline by name.

    Parameters
    ----------
    name
        What tables call it.
    fit
        Makes a Scorer of training data and its validation cut (or None). EASE and ItemKNN raise
        CapacityError where the catalogue is too large for them.
    """

    name: str
    fit: FitBaseline

    def fit_if_possible(self, train: Dataset, tune_on: Holdout | None) -> Scorer[Any] | LeftOut:
        """Fit it, or say why it cannot be fitted to a catalogue of this size."""
        try:
            return self.fit(train, tune_on)
        except CapacityError as error:
            return LeftOut(name=self.name, reason=str(error))


def default_baselines() -> list[Baseline]:
    """Return the baselines of every table: popularity, popularity lately, ItemKNN, EASE, random.

    Examples
    --------
    >>> [baseline.name for baseline in default_baselines()]
    ['Popularity', 'Popularity (7 d)', 'Popularity (30 d)', 'ItemKNN', 'EASE', 'Random']
    """
    return [
        Baseline(name="Popularity", fit=lambda train, tune_on: Popularity.fit(train)),
        Baseline(name="Popularity (7 d)", fit=lambda train, tune_on: RecentPopularity.fit(train, days=7)),
        Baseline(name="Popularity (30 d)", fit=lambda train, tune_on: RecentPopularity.fit(train, days=30)),
        Baseline(name="ItemKNN", fit=lambda train, tune_on: ItemKNN.fit(train, tune_on=tune_on)),
        Baseline(name="EASE", fit=lambda train, tune_on: EASE.fit(train, tune_on=tune_on)),
        Baseline(name="Random", fit=lambda train, tune_on: RandomScorer(num_items=len(train.items))),
    ]
