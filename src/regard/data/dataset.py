"""Dataset: the frozen, integer-encoded log that every other room reads.

Events are sorted by user, time and row of the source (stable: ties keep the order of the file). The
arrays may be memory-mapped; nothing is changed after it was made. A part of a log (what came before a
cut-off, say) is a Dataset over the same arrays and the same vocabularies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from regard.data.event_fields import FieldReading
from regard.data.histories import Histories
from regard.data.target import Targets, TargetSpec
from regard.data.vocab import Vocab

__all__ = ["Dataset"]

_BLOCK = 1 << 22  # events looked at together: a log may be larger than memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """An event log by numbers.

    Parameters
    ----------
    users, items
        Vocabularies of the U users and the V items that occur in the log.
    histories
        Row u holds the events of user u, oldest first. In a part of a log some rows may be empty.
    item_table
        ``[V]`` rows aligned with `items`: column ``item_id``, and whatever the caller's table of items
        brought (null where it has no row), for instance ``title``.
    user_table
        ``[U]`` rows aligned with `users`, likewise with ``user_id``.
    event_types
        Names of the values of the field ``event_type``; None if the log has none.
    event_vocabs
        By name of a further field of the events that holds categories: the names of its values.
    event_readings
        By name of a further field of the events that holds numbers: how its column was read.
    targets
        Which types of events a model of this log is asked for; None: all. Parts of a log keep it.
    """

    users: Vocab
    items: Vocab
    histories: Histories
    item_table: pl.DataFrame
    user_table: pl.DataFrame
    event_types: Vocab | None = None
    event_vocabs: Mapping[str, Vocab] = field(default_factory=dict)
    event_readings: Mapping[str, FieldReading] = field(default_factory=dict)
    targets: Targets | None = None

    def __post_init__(self) -> None:
        assert len(self.histories) == len(self.users) == len(self.user_table)
        assert len(self.items) == len(self.item_table)

    @property
    def num_events(self) -> int:
        """Number of events."""
        return self.histories.num_events

    @property
    def item_counts(self) -> np.ndarray:
        """``[V]`` int64: how often each item occurs."""
        counts = np.zeros(len(self.items), dtype=np.int64)
        for block in self.histories.blocks(_BLOCK):
            counts += np.bincount(block.of_events(block.item), minlength=len(counts))
        return counts

    @property
    def target_counts(self) -> np.ndarray:
        """``[V]`` int64: how often each item occurs in an event that is asked for."""
        if self.targets is None:
            return self.item_counts
        counts = np.zeros(len(self.items), dtype=np.int64)
        for block in self.histories.blocks(_BLOCK):
            events = block.events()
            asked = events[self.targets.asked(block, events)]
            counts += np.bincount(block.item[asked], minlength=len(counts))
        return counts

    def asking(self, target: TargetSpec) -> Dataset:
        """Return the same log, of which a model is asked only for events of the target types.

        Raises
        ------
        ConfigError
            If the log does not have them.
        """
        return replace(self, targets=target.resolve(self.histories, self.event_types))

    def only_targets(self) -> Dataset:
        """Return the log with nothing but the events that are asked for, as a copy if some are not."""
        if self.targets is None:
            return self
        events = self.histories.events()
        return self.part(self.histories.kept(self.targets.asked(self.histories, events)))

    def part(self, histories: Histories) -> Dataset:
        """Return the data set of the same users and items with other (fewer) events."""
        return replace(self, histories=histories)

    def titles(self) -> pl.Series:
        """Return ``[V]`` strings to show for the items: their title where known, else their id."""
        ids = self.items.ids.cast(pl.String)
        if "title" not in self.item_table.columns:
            return ids.rename("title")
        titles = self.item_table["title"].cast(pl.String)
        return pl.select(pl.coalesce(titles, ids)).to_series().rename("title")
