"""Attribute tables: the measured influence of attributes, in the caller's ids, names and values.

Values are shown as they were given, as short text: lists with commas, long text cut; bytes and vectors have
none. It measures nothing itself.

Shape letters: F fields, E events of the history, S events looked at one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from regard.data.histories import Histories
from regard.data.vocab import Vocab
from regard.explain.attributes import AttributeInfluence, attribute_influence, reads_attributes
from regard.explain.story import AttributeReason, reason_of
from regard.recommend.recommender import Recommender

__all__ = ["EVENTS", "Attributes", "attributes_of", "value_text"]

EVENTS = 3
"""Events whose fields are looked at one by one: the most influential."""

_LONGEST = 60
_SIDES = {
    "side": pl.String,
    "field": pl.String,
    "value": pl.String,
    "influence": pl.Float64,
    "replaced": pl.Float64,
    "attention": pl.Float64,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """Tables of an explanation, see `regard.explain.explanation.Explanation`.

    Parameters
    ----------
    sides, events
        Fields of the item and of the history; fields of single events. The most influential first.
    reason
        What of the item speaks most for it; None if nothing stands out.
    """

    sides: pl.DataFrame
    events: pl.DataFrame
    reason: AttributeReason | None = None

    @classmethod
    def none(cls, items: Vocab) -> Attributes:
        """Return empty tables."""
        return cls(sides=pl.DataFrame(schema=_SIDES), events=_events([], items))


def attributes_of(
    recommender: Recommender,
    read: Histories,
    item: int,
    *,
    influence_E: np.ndarray,
    table: pl.DataFrame | None = None,
) -> Attributes:
    """Return what attributes do for an item; empty tables for a model that reads none.

    Parameters
    ----------
    recommender
        Whose recommendation is explained.
    read
        One row with at least one event: what the scorer reads of the user.
    item
        Number of the item.
    influence_E
        ``[E]`` influence of the events.
    table
        The attributes as they were given, one row for each item; None: values are not shown.
    """
    if not reads_attributes(recommender.scorer):
        return Attributes.none(recommender.items)
    chosen_S = np.argsort(-influence_E, kind="stable")[:EVENTS].tolist()
    found = attribute_influence(
        recommender.scorer, read, item, known_V=recommender.known_V, events_S=chosen_S
    )
    values = _Values(table=table, items=recommender.items)
    of_item = [values.of(name, [item]) for name in found.names]
    of_past = [values.of(name, read.items_of(0)) for name in found.names]
    sides = [
        *_side("item", found, of_item),
        *_side("history", found, of_past),
    ]
    rows = [
        {
            "position": event,
            "item_id": recommender.items.decode(read.items_of(0)[[event]])[0],
            "field": name,
            "value": values.of(name, read.items_of(0)[[event]]),
            "influence": float(influence),
        }
        for event, influence_F in zip(chosen_S, found.event_SF, strict=True)
        for name, influence in zip(found.names, influence_F, strict=True)
        if not np.isnan(influence)
    ]
    return Attributes(
        sides=pl.DataFrame(sides, schema=_SIDES),
        events=_events(rows, recommender.items),
        reason=reason_of(found.item_F, found.replaced_F, names=found.names, values=of_item),
    )


def value_text(value: Any) -> str | None:
    """Return a value of an attribute as short text; None for what has none.

    Examples
    --------
    >>> value_text(["Action", "Comedy"]), value_text(12.5), value_text([0.1, 0.2]), value_text(b"...")
    ('Action, Comedy', '12.5', None, None)
    """
    if isinstance(value, list):
        if not value or not all(isinstance(part, str) for part in value):
            return None
        text = ", ".join(value)
    elif value is None or isinstance(value, bytes | dict):
        return None
    else:
        text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3].rstrip()}..."


def _side(
    side: Literal["item", "history"], found: AttributeInfluence, values: Sequence[str | None]
) -> list[dict[str, Any]]:
    """Return the rows of the fields that are present, the most influential first."""
    of_item = side == "item"
    influence_F = found.item_F if of_item else found.history_F
    attention_F = found.item_attention_F if of_item else found.history_attention_F
    present = [place for place in np.argsort(-influence_F, kind="stable") if not np.isnan(influence_F[place])]
    return [
        {
            "side": side,
            "field": found.names[place],
            "value": values[place],
            "influence": float(influence_F[place]),
            "replaced": float(found.replaced_F[place])
            if of_item and not np.isnan(found.replaced_F[place])
            else None,
            "attention": float(attention_F[place]),
        }
        for place in present
    ]


def _events(rows: list[dict[str, Any]], items: Vocab) -> pl.DataFrame:
    schema = {
        "position": pl.Int64(),
        "item_id": items.ids.dtype,
        "field": pl.String(),
        "value": pl.String(),
        "influence": pl.Float64(),
    }
    return pl.DataFrame(rows, schema=schema)


@dataclass(frozen=True, slots=True)
class _Values:
    """Values of fields as they were given."""

    table: pl.DataFrame | None
    items: Vocab

    def of(self, name: str, item_E: Sequence[int] | np.ndarray) -> str | None:
        """Return the value of one item, or the most common one; None where no value occurs twice."""
        if self.table is None or name not in self.table.columns:
            return None
        texts = [value_text(value) for value in self.table[name].gather(np.asarray(item_E)).to_list()]
        counts = Counter(text for text in texts if text is not None).most_common(1)
        if not counts or (counts[0][1] == 1 and len(texts) > 1):
            return None
        return counts[0][0]
