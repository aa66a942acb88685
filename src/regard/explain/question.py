"""Question: one item for one history, and what the model answers when events of it are left out.

Everything that removes events asks here, so that all methods and all measures are about the same thing: the
whole served score (a transformer, an item memory and a trend weighed together), popularity where no event
is left, and the same candidates throughout. Notable choice: what the user has had is still no candidate
after its event is removed, so that an item falls because others overtake it and not because the removed
item comes back. It knows numbers, no ids.

Shape letters: E events of the history, U edited histories, V items, B items of a block, k length of a list.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.explain.edits import edited
from regard.explain.influence import SCORES_AT_ONCE
from regard.models.protocols import Scorer
from regard.recommend.fallback import PopularityFallback
from regard.recommend.filters import Allowed
from regard.recommend.recommender import Recommender

__all__ = ["Answers", "Question", "Served"]

_EVENTS_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How an item stands for U edited histories.

    Parameters
    ----------
    log_probability_U
        ``[U]`` float64, under the softmax over the known items.
    rank_U
        ``[U]`` int64 place of the item among the candidates, from 1; ties go to the lower item number.
    margin_U
        ``[U]`` float64: its score less that of the k-th best other candidate. Below zero: it has fallen out
        of the best k. Infinite where there are not so many.
    """

    log_probability_U: np.ndarray
    rank_U: np.ndarray
    margin_U: np.ndarray


@dataclass(frozen=True)
class Served:
    """A scorer as it serves: for a history without events popularity answers.

    Parameters
    ----------
    scorer
        A model or a baseline.
    popularity_V
        ``[V]`` int64 number of events of each item.
    """

    scorer: Scorer[Any]
    popularity_V: np.ndarray

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        return self.scorer.num_items

    def query(self, batch: PackedBatch) -> _Asked:
        """Return what `score` needs of a batch."""
        return _Asked(query=self.scorer.query(batch), empty_U=(batch.lengths == 0).cpu())

    def score(self, query: _Asked, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` scores."""
        scores = self.scorer.score(query.query, start, stop)
        if not bool(query.empty_U.any()):
            return scores
        popular = PopularityFallback(self.popularity_V).score(1, start, stop)
        return torch.where(query.empty_U[:, None], popular, scores)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    query: Any
    empty_U: Tensor


@dataclass(frozen=True, kw_only=True)
class Question:
    """Why this item for this history?

    Parameters
    ----------
    recommender
        Whose recommendation is explained.
    history
        One row with at least one event: what the scorer reads of the user.
    item
        Number of a known item.
    candidate_V
        ``[V]`` bool: what competes with it; the item itself is always one.
    k
        Length of the list that it may fall out of.
    """

    recommender: Recommender
    history: Histories
    item: int
    candidate_V: np.ndarray
    k: int = 10

    def __post_init__(self) -> None:
        assert len(self.history) == 1
        assert self.history.num_events > 0
        assert self.recommender.known_V[self.item]
        assert self.k >= 1

    @classmethod
    def of(cls, recommender: Recommender, whole: Histories, item: int, *, k: int = 10) -> Question:
        """Return the question about an item for all that is known of one user.

        Parameters
        ----------
        recommender
            Whose recommendation is explained.
        whole
            One row, of which the scorer can read at least one event; its items are no candidates.
        item, k
            As above.
        """
        allowed = Allowed(known_V=recommender.known_V).without_seen(whole, recommender.targets)
        candidate_V = recommender.known_V.copy()
        candidate_V[allowed.seen_item_S] = False
        candidate_V[item] = True
        return cls(
            recommender=recommender, history=recommender.read(whole), item=item, candidate_V=candidate_V, k=k
        )

    @property
    def scorer(self) -> Scorer[Any]:
        """The model itself, without the popularity that answers for empty histories."""
        return self.recommender.scorer

    @property
    def length(self) -> int:
        """E."""
        return self.history.num_events

    def about(self, history: Histories) -> Question:
        """Return the same question about another history."""
        return replace(self, history=history)

    @cached_property
    def whole(self) -> Answers:
        """How the item stands with all events."""
        return self.ask(np.ones((1, self.length), dtype=np.bool_))

    @torch.inference_mode()
    def ask(self, kept_UE: np.ndarray) -> Answers:
        """Ask the model U times, each time with some of the events.

        Time O(U (E + V)), in batches.

        Parameters
        ----------
        kept_UE
            ``[U, E]`` bool.
        """
        rows = max(1, _EVENTS_AT_ONCE // self.length)
        parts = [
            self._answer(edited(self.history, kept_UE[first : first + rows]))
            for first in range(0, len(kept_UE), rows)
        ]
        return Answers(
            log_probability_U=np.concatenate([one.log_probability_U for one in parts]),
            rank_U=np.concatenate([one.rank_U for one in parts]),
            margin_U=np.concatenate([one.margin_U for one in parts]),
        )

    def _answer(self, histories: Histories) -> Answers:
        users = len(histories)
        served = Served(self.scorer, self.recommender.popularity_V)
        query = served.query(PackedBatch.of(histories))
        own_U = served.score(query, self.item, self.item + 1)[:, 0].double()
        total_U, above_U = torch.full_like(own_U, -torch.inf), torch.zeros(users, dtype=torch.int64)
        best_UK = torch.full((users, self.k), -torch.inf, dtype=torch.float64)
        block = max(1, SCORES_AT_ONCE // users)
        for start in range(0, served.num_items, block):
            stop = min(start + block, served.num_items)
            scores_UB = served.score(query, start, stop).double()
            known_B, rival_B = self._masks(start, stop)
            known = scores_UB.masked_fill(~known_B, -torch.inf)
            total_U = torch.logaddexp(total_U, torch.logsumexp(known, dim=1))
            rivals = scores_UB.masked_fill(~rival_B, -torch.inf)
            earlier_B = torch.arange(start, stop) < self.item
            over = (rivals > own_U[:, None]) | ((rivals == own_U[:, None]) & rival_B & earlier_B)
            above_U += over.sum(dim=1)
            top = torch.topk(rivals, min(self.k, stop - start), dim=1).values
            best_UK = torch.topk(torch.cat([best_UK, top], dim=1), self.k, dim=1).values
        total_U = torch.logaddexp(total_U, own_U)
        log_probability_U = torch.where(own_U == -torch.inf, own_U, own_U - total_U)
        last_U = best_UK[:, -1]
        margin_U = torch.where(last_U == -torch.inf, torch.inf, own_U - last_U)
        return Answers(
            log_probability_U=log_probability_U.numpy(),
            rank_U=1 + above_U.numpy(),
            margin_U=margin_U.numpy(),
        )

    def _masks(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Return which items of a block are in the softmax, and which compete, beside the item itself."""
        known_B = torch.from_numpy(self.recommender.known_V[start:stop].copy())
        rival_B = torch.from_numpy(self.candidate_V[start:stop].copy())
        if start <= self.item < stop:
            known_B[self.item - start] = rival_B[self.item - start] = False
        return known_B, rival_B
