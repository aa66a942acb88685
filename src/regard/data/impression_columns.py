"""Names of the columns of a table of impressions: what Regard calls them, and what the caller's call them.

The generic form has one row for each item that was shown. This file only knows names; values are
`regard.data.impression_checks`, reading is `regard.data.impression_table`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import pydantic

from regard.config import Config
from regard.data.schema import describe_missing
from regard.errors import SchemaError

__all__ = ["ACTIONS", "Found", "ImpressionColumns"]

ACTIONS = ("click", "label", "like", "cart", "purchase", "dwell")
_IDS = ("user_id", "item_id", "timestamp")
_OPTIONAL = ("impression_id", "position", "propensity", "history")


class Found(Config):
    """The columns that a table has.

    Attributes
    ----------
    columns
        Our name and theirs of each column that is no label.
    labels
        Action and the caller's name of its column.
    context
        Their names of all other columns.
    """

    columns: dict[str, str]
    labels: dict[str, str]
    context: tuple[str, ...]


class ImpressionColumns(Config):
    """What the caller's table calls the columns that Regard reads.

    Attributes
    ----------
    user_id, item_id, timestamp
        Must be there, unless None says that the log has no such column.
    impression_id
        What rows of one impression share. Without it each row is an impression of its own.
    position, propensity, history
        Optional: where the item was shown; with which probability; what the user did before (a list of
        item ids, or text with `separator` between them). None takes the column of that very name, if
        there is one.
    labels
        Action and column: ``{"click": "is_clicked"}``. Empty takes the columns called ``click``,
        ``label``, ``like``, ``cart``, ``purchase``, ``dwell``.
    amounts
        Actions whose label is an amount from 0 and not 0 or 1.
    separator
        Between the ids of a history that is text.

    Examples
    --------
    >>> found = ImpressionColumns(labels={"click": "clk"}).find(
    ...     ["user_id", "item_id", "timestamp", "clk", "price"], source="ads.csv"
    ... )
    >>> found.labels, found.context
    ({'click': 'clk'}, ('price',))
    """

    user_id: str | None = "user_id"
    item_id: str | None = "item_id"
    timestamp: str | None = "timestamp"
    impression_id: str | None = None
    position: str | None = None
    propensity: str | None = None
    history: str | None = None
    labels: dict[str, str] = pydantic.Field(default_factory=dict)
    amounts: tuple[str, ...] = ("dwell",)
    separator: str = pydantic.Field(default=" ", min_length=1)

    @classmethod
    def of(cls, columns: Self | Mapping[str, Any] | None) -> ImpressionColumns:
        """Make it from a mapping of settings; None is the default names."""
        return columns if isinstance(columns, ImpressionColumns) else cls(**dict(columns or {}))

    def find(self, available: Sequence[str], *, source: str) -> Found:
        """Return the columns of a table that has `available`.

        Raises
        ------
        SchemaError
            If a column that must be there, or that was asked for, is not.
        """
        required = {ours: getattr(self, ours) for ours in _IDS}
        optional = {ours: getattr(self, ours) for ours in _OPTIONAL}
        wanted = {**required, **optional, **{f"labels.{a}": c for a, c in self.labels.items()}}
        missing = {ours: name for ours, name in wanted.items() if name is not None and name not in available}
        if missing:
            lines = (describe_missing(ours, name, available, source=source) for ours, name in missing.items())
            raise SchemaError("\n".join(lines))
        columns = {ours: name for ours, name in required.items() if name is not None}
        columns |= {ours: name or ours for ours, name in optional.items() if (name or ours) in available}
        labels = self.labels or {name: name for name in ACTIONS if name in available}
        used = {*columns.values(), *labels.values()}
        context = tuple(name for name in available if name not in used)
        return Found(columns=columns, labels=labels, context=context)

    def is_amount(self, action: str) -> bool:
        """Tell whether the label of an action is an amount."""
        return action in self.amounts
