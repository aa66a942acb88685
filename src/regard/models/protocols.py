"""What the rooms around a model may ask of it. Models compose layers; nothing here is a layer.

`Encoder` is what training needs: states of events and the table of items. `Scorer` is what
recommending and evaluating need: scores of any range of the catalogue for a batch of histories; the
baselines are Scorers too, so that everything is measured on the path that serves.

Shape letters: T events, U users, D model width, V items, K candidates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from regard.data.columns import Column
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.nn.heads import Catalogue

__all__ = [
    "CandidateScorer",
    "Candidates",
    "Encoded",
    "Encoder",
    "Indexable",
    "LastEncoder",
    "LeavesOut",
    "Observable",
    "Observed",
    "Ranked",
    "Ranks",
    "Rough",
    "Scorer",
    "Searchable",
]

Query = TypeVar("Query")
Asked_contra = TypeVar("Asked_contra", contravariant=True)
Held = TypeVar("Held")


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

    def encode(self, batch: PackedBatch, catalogue: Catalogue | None = None) -> Encoded:
        """Return the state after each event of the batch; `catalogue` saves computing its items again."""
        ...

    def item_table(self) -> Tensor:
        """Return ``[V, D]`` output vectors of the items."""
        ...

    def catalogue(self) -> Catalogue:
        """Return the output vectors of the items, padded, with what else their scores need."""
        ...


@runtime_checkable
class LastEncoder(Protocol):
    """An encoder that computes the states after the last events for less than those after all."""

    def encode_last(self, batch: PackedBatch, catalogue: Catalogue | None = None) -> Tensor:
        """Return ``[U, D]`` the state after the last event of each history; none may be empty."""
        ...


@runtime_checkable
class LeavesOut(Protocol):
    """An encoder that knows a short way to the states of a history with each event left out in turn."""

    def encode_without_each(self, batch: PackedBatch, catalogue: Catalogue | None = None) -> Tensor | None:
        """Return ``[E, D]`` states without event 0, 1, ... of one history; None if it has no such way."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rough:
    """Scores of a block of B items that are fast to compute, and how far they may be off.

    Parameters
    ----------
    scores_BU
        ``[B, U]`` float32, items first; the caller may change them.
    slack_U
        ``[U]`` float32: no rough score is further than this from the exact one.
    reach_U
        ``[U]`` float32: no rough score is further than this from zero; finite.
    """

    scores_BU: Tensor
    slack_U: Tensor
    reach_U: Tensor


@runtime_checkable
class Searchable(Protocol[Asked_contra]):
    """A Scorer whose best items can be found by rough scores and then scored exactly.

    The exact score of an item is the same bits whatever is asked for beside it.
    """

    def rough(self, query: Asked_contra, start: int, stop: int) -> Rough | None:
        """Return rough scores of the items `start` to `stop`; None where nothing bounds their error."""
        ...

    def exact(self, query: Asked_contra, row_S: Tensor, item_S: Tensor) -> Tensor:
        """Return ``[S]`` float32 exact scores of pairs of a row of the batch and an item."""
        ...


@runtime_checkable
class Indexable(Searchable[Asked_contra], Protocol[Asked_contra]):
    """A Scorer most of whose score is an inner product, for which an index can find candidates."""

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        ...

    def item_vectors(self) -> Tensor:
        """Return ``[V, D]`` vectors whose inner product with those of a query is that part of the score."""
        ...

    def query_vectors(self, query: Asked_contra) -> Tensor:
        """Return ``[U, D]`` vectors of a query."""
        ...

    def further_candidates(self, query: Asked_contra, count: int) -> Tensor | None:
        """Return ``[U, K]`` items, K <= `count`, that the rest of the score favours; None without a rest."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a model looked at: for explanations only, computed by the reference kernel.

    Parameters
    ----------
    states_TD
        ``[T, D]`` the same states that `Encoder.encode` returns.
    weights_LNTT
        ``[L, N, T, T]`` attention weights of the L layers and N heads, query by key.
    """

    states_TD: Tensor
    weights_LNTT: Tensor


@runtime_checkable
class Observable(Protocol):
    """A model that can show its attention weights."""

    def observed(self, batch: PackedBatch) -> Observed:
        """Return states and attention weights of the batch."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """The k best items of U users, best first.

    Parameters
    ----------
    item_UK
        ``[U, k]`` int64 item numbers; -1 where a user has fewer than k items left.
    score_UK
        ``[U, k]`` float32 scores; -inf where `item_UK` is -1.
    """

    item_UK: np.ndarray
    score_UK: np.ndarray


class Ranks(Protocol):
    """Anything that ranks the catalogue for histories: what is evaluated is what serves."""

    def rank(self, histories: Histories, *, k: int, exclude_seen: bool = True) -> Ranked:
        """Return the `k` best items for each history."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """K items to be ranked, those of each of U histories together.

    Parameters
    ----------
    item_K
        ``[K]`` int64 item numbers, -1 for an unknown one.
    offsets
        ``[U + 1]`` int64: history u has the candidates ``offsets[u]`` to ``offsets[u + 1]``.
    fields
        By name, ``[K]`` values of further fields of candidates or requests.

    Examples
    --------
    >>> Candidates.of([[5, 6], [7]]).offsets.tolist()
    [0, 2, 3]
    """

    item_K: Tensor
    offsets: Tensor
    fields: Mapping[str, Column] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Sequence[Sequence[int]]) -> Self:
        """Make candidates from a list of item numbers for each history."""
        flat = [item for row in items for item in row]
        ends = np.cumsum([0, *map(len, items)])
        return cls(item_K=torch.tensor(flat, dtype=torch.int64), offsets=torch.from_numpy(ends))


class CandidateScorer(Protocol[Held]):
    """A model that ranks given candidates: the second stage.

    The score of a candidate depends on the history, the item and their fields alone, never on the other
    candidates nor on the other histories of the batch.
    """

    @property
    def actions(self) -> tuple[str, ...]:
        """Names of the A actions that it predicts."""
        ...

    def encode(self, batch: PackedBatch) -> Held:
        """Read U histories once."""
        ...

    def rank(self, encoded: Held, candidates: Candidates) -> Tensor:
        """Return ``[K, A]`` float32 logits, one column for each action."""
        ...
