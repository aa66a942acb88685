"""What the rooms around a model may ask of it. Models compose layers; nothing here is a layer.

`Encoder` is what training needs: states of events and the table of items. `Scorer` is what
recommending and evaluating need: scores of any range of the catalogue for a batch of histories; the
baselines are Scorers too, so that everything is measured on the path that serves.

Shape letters: T events, U users, D model width, V items, K candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from torch import Tensor

from regard.data.packing import PackedBatch

__all__ = ["Encoded", "Encoder", "Scorer"]

Query = TypeVar("Query")


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """States of the events of a batch.

    Parameters
    ----------
    states_TD
        ``[T, D]`` state after each event.
    offsets
        ``[U + 1]`` as in the batch.
    """

    states_TD: Tensor
    offsets: Tensor


@runtime_checkable
class Encoder(Protocol):
    """A model that turns histories into states in the space of its items."""

    def encode(self, batch: PackedBatch) -> Encoded:
        """Return the state after each event of the batch."""
        ...

    def item_table(self) -> Tensor:
        """Return ``[V, D]`` output vectors of the items."""
        ...

    def item_bias(self) -> Tensor | None:
        """Return ``[V]`` a score that every user adds for an item, or None."""
        ...


class Scorer(Protocol[Query]):
    """Anything that scores the catalogue for histories: a model or a baseline.

    The score of an item depends on the history and the item alone, never on the other items asked for
    nor on the other users of the batch.
    """

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        ...

    def query(self, batch: PackedBatch) -> Query:
        """Return what `score` needs of the U histories of a batch; a history may be empty."""
        ...

    def score(self, query: Query, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` float32 scores of the items `start` to `stop`, higher is better."""
        ...
