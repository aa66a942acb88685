"""Checks: everything that a log can be refused for, with the column, the row and the value.

Rows count from 0 (the header of a text file is not a row). What the checks find is collected as
`Problem`s, so that one message names all of them; whether a problem refuses the log or drops the row
is the caller's choice. Events without a user are no problem: real logs have them, they are dropped
and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from regard.config import Config
from regard.errors import DataError

__all__ = ["Example", "Problem", "ProblemLog", "check_enough", "check_weights"]

_SHOWN = 3


class Example(Config):
    """One row that has a problem.

    Attributes
    ----------
    row
        Row of the source, from 0.
    value
        What the column holds there, as text.
    """

    row: int
    value: str


class Problem(Config):
    """One kind of problem of one column.

    Attributes
    ----------
    source
        The file or table.
    kind
        What is wrong, for instance ``"null item id"``.
    column
        The column, by the caller's name.
    count
        How many rows have it.
    examples
        The first few of them.
    """

    source: str
    kind: str
    column: str
    count: int
    examples: tuple[Example, ...]

    def describe(self) -> str:
        """Say the problem in one line."""
        rows = ", ".join(f"row {example.row}: {example.value}" for example in self.examples)
        more = f", and {self.count - len(self.examples)} more" if self.count > len(self.examples) else ""
        return f"column {self.column!r}: {self.kind} in {_rows(self.count)} ({rows}{more})"


class ProblemLog:
    """Collects problems batch by batch.

    Parameters
    ----------
    source
        What messages call the table.

    Examples
    --------
    >>> log = ProblemLog("events.csv")
    >>> log.mark("null item id", column="sku", rows=np.array([False, True]), values=pl.Series(["a", None]))
    >>> print(log.problems()[0].describe())
    column 'sku': null item id in 1 row (row 1: null)
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._counts: dict[tuple[str, str], int] = {}
        self._examples: dict[tuple[str, str], list[Example]] = {}

    def mark(
        self, kind: str, *, column: str, rows: np.ndarray, values: pl.Series, first_row: int = 0
    ) -> None:
        """Note that the marked rows (``[n]`` bool) of a batch have a problem."""
        count = int(np.count_nonzero(rows))
        if count == 0:
            return
        key = (kind, column)
        self._counts[key] = self._counts.get(key, 0) + count
        examples = self._examples.setdefault(key, [])
        for row in np.flatnonzero(rows)[: _SHOWN - len(examples)].tolist():
            examples.append(Example(row=first_row + row, value=_show(values[row])))

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems in the order in which they were met."""
        return tuple(
            Problem(
                source=self._source,
                kind=kind,
                column=column,
                count=count,
                examples=tuple(self._examples[key]),
            )
            for key, count in self._counts.items()
            for kind, column in [key]
        )

    def refuse(self) -> None:
        """Raise if there is any problem.

        Raises
        ------
        DataError
            Naming every kind of problem with column, rows, values and count.
        """
        problems = self.problems()
        if problems:
            lines = "\n".join(f"  - {problem.describe()}" for problem in problems)
            raise DataError(
                f"{self._source}: rows that cannot be used (rows count from 0):\n{lines}\n"
                'Mend them, or drop them with on_bad="drop" (--drop-bad-rows).'
            )


def check_weights(weights: pl.Series) -> Mapping[str, np.ndarray]:
    """Return, by kind of problem, which weights (``[n]`` bool) cannot be used."""
    value = weights.cast(pl.Float64, strict=False)
    null = weights.is_null()
    return {
        "null weight": null.to_numpy(),
        "weight that is no number": (
            (value.is_null() & ~null) | value.is_nan().fill_null(value=False)
        ).to_numpy(),
        "infinite weight": value.is_infinite().fill_null(value=False).to_numpy(),
        "negative weight": ((value < 0) & value.is_finite()).fill_null(value=False).to_numpy(),
    }


def check_enough(*, source: str, events: int, users: int, items: int, dropped: Sequence[str]) -> None:
    """Refuse a log that nothing can be learnt from; `dropped` says, line by line, what was dropped.

    Raises
    ------
    DataError
        If no event is left, or fewer than two users or two items.
    """
    if events == 0:
        why = "".join(f"\n  - {line}" for line in dropped)
        raise DataError(f"{source}: no events are left to use{'; dropped were:' if why else ''}{why}")
    for name, count in (("user", users), ("item", items)):
        if count < 2:
            raise DataError(
                f"{source}: has only one {name} with events; training and evaluation need at least 2 {name}s"
            )


def _show(value: Any) -> str:
    if value is None:
        return "null"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"
