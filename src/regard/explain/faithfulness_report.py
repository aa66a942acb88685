"""The report on explanations: what was measured, as tables for people and JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from regard.evaluation.significance import Interval
from regard.explain.curves import BETTER

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["FaithfulnessReport", "Measured", "Searched"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One method over the users.

    Parameters
    ----------
    name, covers, faithful
        As in `regard.explain.methods.base.Method`.
    measures
        Mean and interval by name: those of `regard.explain.curves.BETTER`; and, where events of one moment
        were shuffled, ``tie_agreement`` (rank correlation with what was said before) and ``tie_first``
        (share of the users whose first event stays).
    calls, milliseconds
        Mean number of histories that the model read for an explanation, and mean time.
    left, known
        The two curves at `regard.explain.curves.GRID`, means over the users.
    """

    name: str
    covers: str
    faithful: bool
    measures: Mapping[str, Interval]
    calls: float
    milliseconds: float
    left: tuple[float, ...] = ()
    known: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """One search for counterfactuals over the users.

    Parameters
    ----------
    name, k, users
        The search, the length of the list, how many users it was tried for.
    found
        Share of the users for whom a set was found.
    verified, smallest
        For how many of these the recommender leaves the item out; how many sets are certainly smallest.
    size
        Mean size of the sets that were found; None if there are none.
    sizes
        How many sets have each size.
    calls, milliseconds
        Means, as in `Measured`.
    """

    name: str
    k: int
    users: int
    found: Interval
    verified: int
    smallest: int
    size: float | None
    calls: float
    milliseconds: float
    sizes: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaithfulnessReport:
    """How true explanations are of a model.

    Parameters
    ----------
    users, k, events
        How many users' first items were explained, for which length of lists, and the mean number of events.
    methods, searches
        What was measured.
    per_user
        One row a user and method, with every measure.
    """

    users: int
    k: int
    events: float
    methods: tuple[Measured, ...]
    searches: tuple[Searched, ...]
    per_user: pl.DataFrame

    def method(self, name: str) -> Measured:
        """Return what was measured of one method."""
        return next(one for one in self.methods if one.name == name)

    def to_json(self) -> dict[str, Any]:
        """Return everything but the values user by user as a dictionary that JSON can hold."""
        return {
            "users": self.users,
            "k": self.k,
            "events": self.events,
            "better": dict(BETTER),
            "methods": [
                {
                    **asdict(one),
                    "measures": {name: asdict(mean) for name, mean in one.measures.items()},
                    "left": list(one.left),
                    "known": list(one.known),
                }
                for one in self.methods
            ],
            "counterfactuals": [
                {**asdict(one), "sizes": {str(size): count for size, count in one.sizes.items()}}
                for one in self.searches
            ],
        }

    def tables(self) -> list[Table]:
        """Return tables for a terminal: the methods, and the counterfactuals if they were looked for."""
        return [self._methods(), *([self._searches()] if self.searches else [])]

    def _methods(self) -> Table:
        from rich import box
        from rich.table import Table

        table = Table(
            box=box.SIMPLE_HEAD,
            caption_justify="left",
            caption=f"First items of {self.users:,} users with {self.events:.0f} events on average, events "
            "removed in the order of each explanation. DEL: area of what is left of the item's probability "
            f"(lower is better); INS: the same while events come (higher); POS: share in the first {self.k}, "
            "CDCG: its place (lower); Compr., Suff.: lost without, and with only, the first events (higher, "
            "lower); ties: rank agreement after shuffling events of one moment. Grey: controls, no claim.",
        )
        table.add_column("Explanation", overflow="fold")
        for name in ("DEL", "INS", "POS", "CDCG", "Compr.", "Suff.", "ties", "ms"):
            table.add_column(name, justify="right")
        for one in self.methods:
            ties = one.measures.get("tie_agreement")
            numbers = [f"{one.measures[name].value:.3f}".replace("0.", ".") for name in BETTER]
            tied = "" if ties is None else f"{ties.value:.2f}".replace("0.", ".")
            style = None if one.faithful else "dim"
            table.add_row(one.name, *numbers, tied, f"{one.milliseconds:.1f}", style=style)
        return table

    def _searches(self) -> Table:
        from rich import box
        from rich.table import Table

        table = Table(
            box=box.SIMPLE_HEAD,
            caption_justify="left",
            caption="Fewest events without which the item leaves the first k; verified: the recommender, "
            "asked for the edited history, leaves it out.",
        )
        for name in ("Search", "k", "found", "verified", "size", "smallest", "calls", "ms"):
            table.add_column(name, justify="left" if name == "Search" else "right")
        for one in self.searches:
            hits = round(one.found.value * one.users)
            size = "" if one.size is None else f"{one.size:.2f}"
            table.add_row(
                *(one.name, str(one.k), f"{one.found.value:.0%}", f"{one.verified} of {hits}", size),
                *(str(one.smallest), f"{one.calls:.0f}", f"{one.milliseconds:.0f}"),
            )
        return table
