"""Snapshot: one model as it serves: ids as it knows them, histories as it reads them, what is popular.

A snapshot never changes: new items, hidden items and new models are new snapshots, so a request that has
begun with one ends with it. What the training data know of a user and what the log knows are put in one
order of time here; an event that is in both, because the model was trained on an export of the log, counts
once.

Shape letters: E events of a history, V items, D width of a vector.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from regard.data.histories import Histories
from regard.data.packing import NO_TIME
from regard.data.target import EVENT_TYPE
from regard.data.vocab import UNKNOWN
from regard.manifest import MANIFEST
from regard.model import Model
from regard.models.items import ItemEncoder
from regard.pipeline import Pipeline
from regard.recommend.recommender import Recommender
from regard.serve.events import Id, Scalar, StoredEvent
from regard.serve.ids import as_kind, category_of, numbers_of
from regard.serve.moments import now
from regard.serve.remembered import remembering
from regard.serve.stores.rows import mark_of

__all__ = ["History", "Snapshot", "joined", "version_of"]

_STATE_BYTES = 1 << 26


def version_of(folder: str | Path) -> str:
    """Return twelve hex digits that tell model folders apart: of the manifest, which has every hash."""
    return hashlib.sha256((Path(folder) / MANIFEST).read_bytes()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One history by the numbers of a snapshot, oldest first.

    Parameters
    ----------
    item_E, time_E
        int32 item numbers and int64 microseconds; `NO_TIME` where a time is not known.
    fields
        By name, ``[E]``: what the model knows of events beside that.
    user
        Number of the user in the training data, -1 for anybody else.
    unknown
        Number of events of items that the model does not know, which are left out.
    """

    item_E: np.ndarray
    time_E: np.ndarray
    fields: Mapping[str, np.ndarray]
    user: int = -1
    unknown: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in (self.item_E, self.time_E, *self.fields.values()))


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A model as it serves.

    Parameters
    ----------
    model
        Ready to recommend.
    version
        Of its folder.
    hidden
        Ids that are never recommended, though they are read in histories.
    erased
        When users were erased, by their marks (`EventLog.erased`): what the folder knows of them from before
        is not read.
    loaded
        Microseconds since 1970.
    """

    model: Model
    version: str
    hidden: frozenset[Id] = frozenset()
    erased: Mapping[str, int] = field(default_factory=dict)
    loaded: int = field(default_factory=now)

    @property
    def reads_attributes(self) -> bool:
        """Whether a new item can be recommended by its attributes."""
        return isinstance(self.model.network.items, ItemEncoder) and not isinstance(self.model, Pipeline)

    @cached_property
    def recommender(self) -> Recommender:
        """What makes lists, and remembers states; for one thread."""
        return remembering(self.model.recommender, _STATE_BYTES)

    @cached_property
    def hidden_items(self) -> np.ndarray | None:
        """``[V]`` bool: what is never recommended; None: nothing is."""
        return self.mask(list(self.hidden)) if self.hidden else None

    @cached_property
    def popular_items(self) -> np.ndarray:
        """Item numbers, the most popular first; what has no event in training is left out."""
        counts_V = self.model.recommender.popularity_V
        order = np.argsort(-counts_V, kind="stable")
        chosen: np.ndarray = order[(counts_V > 0)[order]]
        return chosen

    @cached_property
    def item_vectors(self) -> np.ndarray:
        """``[V, D]`` float32 vectors of the items, each of length one."""
        with torch.inference_mode():
            vectors = self.model.network.item_table().float().cpu()[: len(self.model.dataset.items)]
            return torch.nn.functional.normalize(vectors, dim=1).numpy()

    def user(self, given: Id) -> Id:
        """Return the id of a user in the kind of the training data, where its text is one of that kind."""
        return as_kind(given, self.model.dataset.users)

    def item(self, given: Id) -> Id:
        """Return the id of an item in the kind of the catalogue, where its text is one of that kind."""
        return as_kind(given, self.model.dataset.items)

    def numbers(self, items: Sequence[Id]) -> np.ndarray:
        """Return ``[n]`` int32 item numbers, -1 for ids that the model does not know."""
        return numbers_of(items, self.model.dataset.items)

    def mask(self, items: Sequence[Id]) -> np.ndarray:
        """Return ``[V]`` bool: which items are named."""
        mask = np.zeros(len(self.model.dataset.items), dtype=np.bool_)
        number = self.numbers(items)
        mask[number[number != UNKNOWN]] = True
        return mask

    def row(self, user: Id) -> int:
        """Return the number of a user in the training data, -1 for anybody else."""
        return int(numbers_of([user], self.model.dataset.users)[0])

    def trained(self, row: int) -> History:
        """Return what the training data know of a user by number; nothing is copied."""
        known = self.model.recommender.histories
        part = slice(known.start[row], known.stop[row]) if row >= 0 else slice(0, 0)
        return History(
            item_E=known.item[part],
            time_E=known.time[part],
            fields={name: column[part] for name, column in known.fields.items()},
            user=row,
        )

    def known(self, user: Id) -> History:
        """Return what the training data know of a user; of an erased one, what came after that."""
        history = self.trained(self.row(user))
        moment = self.erased.get(mark_of(user)) if self.erased else None
        if moment is None:
            return history
        first = int(np.searchsorted(history.time_E, moment, side="right"))
        if first == len(history.item_E):
            return self.trained(-1)
        return History(
            item_E=history.item_E[first:],
            time_E=history.time_E[first:],
            fields={name: column[first:] for name, column in history.fields.items()},
            user=history.user,
        )

    def past(self, user: Id, events: Sequence[StoredEvent]) -> History:
        """Return the history of a user: the training data and the events of the log, in the order of time."""
        return self.after(self.known(user), events)

    def after(self, before: History, events: Sequence[StoredEvent]) -> History:
        """Return a history with further events; the same item at the same time counts once.

        Of equal times what was known first stays first.
        """
        if not events:
            return before
        number_E = self.numbers([event.item_id for event in events])
        time_E = np.array([event.time for event in events], dtype=np.int64)
        kept_E = number_E != UNKNOWN
        unknown = int((~kept_E).sum())
        known = set(zip(before.item_E.tolist(), before.time_E.tolist(), strict=True))
        for place, pair in enumerate(zip(number_E.tolist(), time_E.tolist(), strict=True)):
            kept_E[place] &= pair not in known
            known.add(pair)
        item_E = np.concatenate([before.item_E, number_E[kept_E]])
        time_E = np.concatenate([before.time_E, time_E[kept_E]])
        order = np.argsort(time_E, kind="stable")
        chosen = [event for event, kept in zip(events, kept_E, strict=True) if kept]
        fields = {
            name: np.concatenate([column, self._column(name, column.dtype, chosen)])[order]
            for name, column in before.fields.items()
        }
        return History(
            item_E=item_E[order],
            time_E=time_E[order],
            fields=fields,
            user=before.user,
            unknown=before.unknown + unknown,
        )

    def bare(self, items: Sequence[Id], times: Sequence[int] | None) -> History:
        """Return a history that is written as item ids, oldest first unless times say otherwise."""
        number_E = self.numbers(items)
        kept_E = number_E != UNKNOWN
        if times is None:
            time_E = np.full(len(number_E), NO_TIME)
        else:
            time_E = np.array(times, dtype=np.int64)
            order = np.argsort(time_E, kind="stable")
            number_E, time_E, kept_E = number_E[order], time_E[order], kept_E[order]
        known = self.model.recommender.histories.fields
        fields = {name: _missing(int(kept_E.sum()), column.dtype) for name, column in known.items()}
        return History(
            item_E=number_E[kept_E],
            time_E=time_E[kept_E],
            fields=fields,
            unknown=int((~kept_E).sum()),
        )

    def _column(self, name: str, kind: np.dtype[Any], events: Sequence[StoredEvent]) -> np.ndarray:
        """Return ``[n]`` what a column of the training data would hold for these events."""
        dataset = self.model.dataset
        said: list[Scalar]
        if name == EVENT_TYPE:
            vocab, said = dataset.event_types, [event.type for event in events]
        else:
            vocab, said = dataset.event_vocabs.get(name), [event.fields.get(name) for event in events]
        if name in dataset.event_readings:
            return dataset.event_readings[name].read_said(said)
        column = _missing(len(events), kind)
        if vocab is None:  # weights and sessions, which no model reads
            return column
        written = [category_of(one) for one in said]
        spoken = [place for place, value in enumerate(written) if value is not None]
        column[spoken] = numbers_of([written[place] for place in spoken], vocab)
        return column


def joined(histories: Sequence[History], asked: Sequence[int | None]) -> Histories:
    """Return histories of one snapshot as rows, with the times at which they are asked for.

    Examples
    --------
    >>> one = History(item_E=np.array([3], np.int32), time_E=np.array([5]), fields={})
    >>> joined([one, one], [None, None]).lengths.tolist()
    [1, 1]
    """
    stop = np.cumsum([len(one.item_E) for one in histories], dtype=np.int64)
    moments = np.array([NO_TIME if moment is None else moment for moment in asked], dtype=np.int64)
    return Histories(
        start=np.concatenate([[0], stop[:-1]]).astype(np.int64),
        stop=stop,
        item=np.concatenate([one.item_E for one in histories]),
        time=np.concatenate([one.time_E for one in histories]),
        fields={
            name: np.concatenate([one.fields[name] for one in histories]) for name in histories[0].fields
        },
        asked=None if (moments == NO_TIME).all() else moments,
        user=np.array([one.user for one in histories], dtype=np.int64),
    )


def _missing(count: int, kind: np.dtype[Any]) -> np.ndarray:
    return np.full(count, np.nan if np.issubdtype(kind, np.floating) else -1, dtype=kind)
