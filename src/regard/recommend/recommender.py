"""Recommender: weights, vocabularies and known histories together: what a user of Regard holds.

`recommend` speaks the caller's ids, `rank` speaks numbers; the first is a translation around the second,
and evaluation calls the second, so that what is measured is what serves. Users are taken in batches of
similar length. A user without a usable history gets the most popular items and is marked. It does not
know what kind of model scores, nor how it was trained.

Shape letters: U users, V items, k the length of a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import torch

from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.data.target import Targets
from regard.data.vocab import Vocab
from regard.errors import ConfigError
from regard.models.protocols import Ranked, Scorer
from regard.recommend.approx import ApproxIndex
from regard.recommend.batches import batches_of
from regard.recommend.exact import top_k
from regard.recommend.fallback import PopularityFallback
from regard.recommend.filters import Allowed
from regard.recommend.ranking import empty_ranking
from regard.recommend.request import (
    HistoriesLike,
    Ids,
    Request,
    asked_at,
    mask_of,
    request_of_histories,
    request_of_users,
)

__all__ = ["Answer", "Recommender"]

_READ_AT_ONCE = 65_536  # users whose histories are copied together
_SOURCES = np.array(["popularity", "model"], dtype=object)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommender:
    """Recommends items of a catalogue to known users and for bare histories.

    Parameters
    ----------
    scorer
        A model or a baseline, ready to use (not in training mode).
    users, items
        Vocabularies of U users and V items.
    histories
        Row u holds everything that is known of user u, oldest first.
    known_V
        ``[V]`` bool: items that the scorer was trained on or knows by their attributes. Others are never
        recommended and are left out of what the scorer reads, but still count as seen.
    popularity_V
        ``[V]`` int64 number of training events of each item, for users without a history; where target types
        are named, of their events.
    max_history
        The scorer reads at most this many of the latest events; None for all.
    batch_users
        At most so many users are scored at once.
    batch_events
        The scorer reads at most so many events at once, padding included.
    index
        Finds candidates in a large catalogue; None searches it exactly. The scorer must be `Indexable`.
    targets
        Which types of events make an item seen; None: all.
    """

    scorer: Scorer[Any]
    users: Vocab
    items: Vocab
    histories: Histories
    known_V: np.ndarray
    popularity_V: np.ndarray
    max_history: int | None = None
    batch_users: int = 256
    batch_events: int = 8_192
    index: ApproxIndex | None = None
    targets: Targets | None = None

    def __post_init__(self) -> None:
        assert len(self.histories) == len(self.users)
        assert self.scorer.num_items == len(self.items) == len(self.known_V) == len(self.popularity_V)
        assert self.batch_users >= 1
        assert self.batch_events >= 1
        assert self.max_history is None or self.max_history >= 1

    @classmethod
    def of(
        cls,
        scorer: Scorer[Any],
        *,
        known: Dataset,
        train: Dataset,
        max_history: int | None = None,
        described_V: np.ndarray | None = None,
    ) -> Recommender:
        """Return what recommends with a scorer.

        Parameters
        ----------
        scorer
            A model or a baseline.
        known
            Everything that is known of the users now.
        train
            What the scorer learned from.
        max_history
            The scorer reads at most this many of the latest events; None for all.
        described_V
            ``[V]`` bool: items without events in `train` that the scorer knows by their attributes. All
            others are never recommended.
        """
        counts = train.item_counts
        return cls(
            scorer=scorer,
            users=known.users,
            items=known.items,
            histories=known.histories.of_users(),
            known_V=counts > 0 if described_V is None else (counts > 0) | described_V,
            popularity_V=counts if train.targets is None else train.target_counts,
            max_history=max_history,
            targets=train.targets,
        )

    def recommend(
        self,
        *,
        users: Ids | None = None,
        histories: HistoriesLike | None = None,
        times: Any = None,
        k: int = 10,
        exclude_seen: bool = True,
        only: Ids | None = None,
        exclude: Ids | None = None,
        at: Any = None,
    ) -> pl.DataFrame:
        """Recommend for users by id, or for histories that are written as item ids.

        Parameters
        ----------
        users
            One user id or many. A user that nothing is known of gets the most popular items.
        histories
            A list of lists of item ids, oldest first (``user_id`` is then the position 0, 1, 2 ...), one
            list of item ids, or a dictionary from any id to a list of item ids.
        times
            When the items of `histories` happened, in the same form: datetimes, ISO strings or integers.
        k
            Length of the lists; a list is shorter only if fewer items are left.
        exclude_seen
            Leave out what is in the history; where target types are named, only what was in an event of
            these types (`TargetSpec.seen`).
        only, exclude
            Item ids: recommend only these, none of these. Unknown ids are ignored.
        at
            When this is asked, a datetime, ISO string or integer; None if that is not known. Only models
            that read the time of a request care.

        Returns
        -------
        polars.DataFrame
            Columns ``user_id``, ``item_id``, ``score``, ``rank`` (from 1), ``source`` and
            ``unknown_items``: how many items of the history the model does not know and did not read.
            ``source`` is ``"model"``, or ``"popularity"`` where no item of the history could be read: the
            score is then the logarithm of the item's share of all training events.

        Raises
        ------
        ConfigError
            If not exactly one of `users` and `histories` is given, `k` is less than 1, or `times` does
            not fit `histories`.
        UnknownIdError
            If `only` holds no item that the model knows.
        """
        request = self._request(users=users, histories=histories, times=times)
        allowed = Allowed(
            known_V=self.known_V,
            only_V=mask_of(only, items=self.items, known_V=self.known_V, required=True),
            exclude_V=mask_of(exclude, items=self.items, known_V=self.known_V, required=False),
        )
        wanted = request.histories if at is None else asked_at(request.histories, at)
        answer = self.answer(wanted, k=k, allowed=allowed, exclude_seen=exclude_seen)
        return self._frame(request, answer)

    def rank(
        self, histories: Histories, *, k: int, exclude_seen: bool = True, only_V: np.ndarray | None = None
    ) -> Ranked:
        """Return the `k` best items for each of U histories, by number: the path that serves.

        Parameters
        ----------
        histories
            ``[U]`` events by item number, oldest first; may be empty.
        k
            Length of the lists.
        exclude_seen
            Leave out what is in the history; where target types are named, only what was in an event of
            these types (`TargetSpec.seen`).
        only_V
            ``[V]`` bool: only these are candidates; None for all items.

        Raises
        ------
        ConfigError
            If `k` is less than 1.
        """
        allowed = Allowed(known_V=self.known_V, only_V=only_V)
        return self.answer(histories, k=k, allowed=allowed, exclude_seen=exclude_seen).ranked

    def read(self, histories: Histories) -> Histories:
        """Return what the scorer reads of `histories`: the latest events of items that it knows."""
        known = histories.only(self.known_V)
        return known if self.max_history is None else known.latest(self.max_history)

    def _request(self, *, users: Ids | None, histories: HistoriesLike | None, times: Any) -> Request:
        if (users is None) == (histories is None):
            raise ConfigError(
                "give either users (their ids) or histories (lists of item ids), not both or none"
            )
        if histories is not None:
            return request_of_histories(histories, times=times, items=self.items)
        if times is not None:
            raise ConfigError("times belong to histories; the times of known users are known")
        assert users is not None
        return request_of_users(users, vocab=self.users, histories=self.histories)

    @torch.inference_mode()
    def answer(self, histories: Histories, *, k: int, allowed: Allowed, exclude_seen: bool) -> Answer:
        """Return the `k` best allowed items for each of U histories, and how much of them could be read."""
        if k < 1:
            raise ConfigError(f"k = {k}: a list needs at least one item; give k >= 1")
        assert not getattr(self.scorer, "training", False), "the scorer is still in training mode"
        users = len(histories)
        answer = Answer(ranked=empty_ranking(users, k), known_U=np.zeros(users, dtype=np.int64))
        for first in range(0, users, _READ_AT_ONCE):
            part = histories.take(slice(first, first + _READ_AT_ONCE)) if users > _READ_AT_ONCE else histories
            known = part.only(self.known_V)
            answer.known_U[first : first + _READ_AT_ONCE] = known.lengths
            read = known if self.max_history is None else known.latest(self.max_history)
            for rows in self._batches(read.lengths):
                whole = len(rows) == len(part) == 1
                seen, batch = (part, read) if whole else (part.take(rows), read.take(rows))
                wanted = allowed.without_seen(seen, self.targets) if exclude_seen else allowed
                empty = batch.start[0] == batch.stop[0]  # then all of the batch are
                scorer, index = (
                    (PopularityFallback(self.popularity_V), None) if empty else (self.scorer, self.index)
                )
                ranked = top_k(scorer, PackedBatch.of(batch), k=k, allowed=wanted, index=index)
                answer.ranked.item_UK[first + rows] = ranked.item_UK
                answer.ranked.score_UK[first + rows] = ranked.score_UK
        return answer

    def _batches(self, lengths_U: np.ndarray) -> Iterator[np.ndarray]:
        """Yield rows that are scored together: with a history that can be read, or without one."""
        sizes = {"most_events": self.batch_events, "most_users": self.batch_users}
        for chosen in (lengths_U > 0, lengths_U == 0):
            some = np.flatnonzero(chosen)
            for batch in batches_of(lengths_U[some], **sizes):
                yield some[batch]

    def _frame(self, request: Request, answer: Answer) -> pl.DataFrame:
        ranked, unknown = answer.ranked, request.dropped_U + request.histories.lengths - answer.known_U
        rows, places = np.nonzero(ranked.item_UK >= 0)
        # Columns that have their names and types already make a table in a quarter of the time.
        return pl.DataFrame(
            [
                request.ids[rows].rename("user_id"),
                self.items.decode(ranked.item_UK[rows, places]).rename("item_id"),
                pl.Series("score", ranked.score_UK[rows, places]),
                pl.Series("rank", places + 1),
                pl.Series(
                    "source", _SOURCES[(answer.known_U[rows] > 0).astype(np.int64)].tolist(), pl.String
                ),
                pl.Series("unknown_items", unknown[rows]),
            ]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Lists, and ``[U]`` how many events of each history the model knows."""

    ranked: Ranked
    known_U: np.ndarray
