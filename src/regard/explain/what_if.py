"""What if: how much more or less likely an item would be with another value of an attribute.

Only what the network reads is replaced, see `regard.explain.attributes`; popularity, which answers where the
history cannot be read, reads no attribute, so nothing changes there.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from regard.data.coding import Coders
from regard.data.columns import Column
from regard.data.vocab import Id
from regard.errors import ConfigError
from regard.explain.asking import known_item, one_history
from regard.explain.attributes import replacing
from regard.recommend.recommender import Recommender

__all__ = ["OtherValues", "WhatIf", "encode_values", "what_if"]

SOURCE = "the other value"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherValues:
    """Values that an item does not have.

    Parameters
    ----------
    columns
        By field, as the model reads them: one row.
    unseen
        Fields whose value training did not know: they are read as "unknown", whatever they say.
    """

    columns: Mapping[str, Column]
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What other values of its attributes would do for an item.

    Parameters
    ----------
    item_id
        The item.
    change
        By how much its log-probability rises with the other values, in nats.
    unseen
        Fields whose value training did not know.

    Examples
    --------
    >>> round(WhatIf(item_id="i7", change=-0.6931, unseen=()).factor, 2)
    0.5
    """

    item_id: Id
    change: float
    unseen: tuple[str, ...]

    @property
    def factor(self) -> float:
        """How many times as likely the item would be."""
        return math.exp(self.change)

    def to_json(self) -> dict[str, Any]:
        """Return a dictionary that JSON can hold."""
        return {
            "item_id": self.item_id,
            "change": self.change,
            "factor": self.factor,
            "unseen": list(self.unseen),
        }


def encode_values(coders: Coders, instead: Mapping[str, Any], table: pl.DataFrame) -> OtherValues:
    """Return values as a model reads them.

    Parameters
    ----------
    coders
        Of the model.
    instead
        Values by field; text is read as the type of the column. None: missing.
    table
        The attributes that the model was trained with, for the types of its columns.

    Raises
    ------
    ConfigError
        If the model does not read the field, or a value is not of its type.
    DataError
        If a value cannot be read as the kind of its field.
    """
    names = [known.name for known in coders.fields]
    if not names:
        raise ConfigError(
            "this model knows items by their histories alone; train it with a table of items that has "
            "attributes (items=... or --items) to ask what other attributes would do"
        )
    columns = {}
    for name, value in instead.items():
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it reads: {', '.join(names)}"
            raise ConfigError(f"the model reads no field {name!r} of items; {hint}")
        columns[name] = _typed(name, value, table[name].dtype)
    encoded = coders.encode_counted(pl.DataFrame(columns), source=SOURCE)
    unseen = tuple(report.name for report in encoded.reports if report.name in instead and report.unseen)
    return OtherValues(columns={name: encoded.columns[name] for name in instead}, unseen=unseen)


def what_if(
    recommender: Recommender,
    *,
    item: Id,
    other: OtherValues,
    titles: pl.Series,
    user: Id | None = None,
    history: Sequence[Id] | None = None,
    times: Sequence[Any] | None = None,
) -> WhatIf:
    """Say what other values would do for an item, for a known user or a bare history.

    Parameters
    ----------
    other
        What `encode_values` returned.
    recommender, item, titles, user, history, times
        As in `regard.explain.explanation.explain`.

    Raises
    ------
    UnknownIdError
        If the user is not known or the model does not know the item; the message names near ids.
    ConfigError
        If not exactly one of `user` and `history` is given, or `times` without `history`.
    """
    number = known_item(item, recommender, titles)
    whole, _ = one_history(recommender, user=user, history=history, times=times)
    read, change = recommender.read(whole), 0.0
    if read.num_events:
        change = replacing(
            recommender.scorer, read, number, known_V=recommender.known_V, columns=other.columns
        )
    return WhatIf(item_id=recommender.items.decode([number])[0], change=change, unseen=other.unseen)


def _typed(name: str, value: Any, dtype: pl.DataType) -> pl.Series:
    """Return one value as a column of the type that training had."""
    listed = [value] if isinstance(dtype, pl.List) and isinstance(value, str) else value
    try:
        return pl.Series(name, [listed]).cast(dtype)
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise ConfigError(
            f"{name} = {value!r}: the column has the type {dtype}, and this cannot be read as such"
        ) from error
