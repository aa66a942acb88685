"""TwoStageRecommender: a Recommender whose lists come from two stages, and the trace of how they came about.

It answers what a `Recommender` answers, by the same filters and for the same forms of requests, so that a
policy, an evaluation and a caller ask it alike. Every history is judged alone, so that a list is the same
bits whoever else asks. A user of whom nothing can be read gets the most popular items, as from retrieval.

Shape letters: U histories, S candidates of all histories, N sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import polars as pl
import torch

from regard.data.histories import Histories
from regard.recommend.filters import Allowed
from regard.recommend.ranking import empty_ranking, keys_of, ranked_by_keys
from regard.recommend.recommender import Answer, Recommender
from regard.recommend.request import asked_at, mask_of
from regard.recommend.reranked import PolicyRequest
from regard.recommend.second_stage import Judged, Stage

__all__ = ["TwoStageRecommender"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStageRecommender(Recommender):
    """Recommends by two stages.

    Parameters
    ----------
    second
        What comes after retrieval; retrieval is all the rest.
    """

    second: Stage

    @classmethod
    def after(cls, retrieval: Recommender, second: Stage) -> TwoStageRecommender:
        """Put a second stage after a recommender."""
        held = {one.name: getattr(retrieval, one.name) for one in fields(Recommender)}
        return cls(**held, second=second)

    def answer(self, histories: Histories, *, k: int, allowed: Allowed, exclude_seen: bool) -> Answer:
        """Return the `k` best allowed items for each of U histories, and how much of them could be read."""
        known_U = histories.only(self.known_V).lengths
        unread = np.flatnonzero(known_U == 0)
        popular = Recommender.answer(
            self, histories.take(unread), k=k, allowed=allowed, exclude_seen=exclude_seen
        ).ranked
        ranked = empty_ranking(len(histories), k)
        ranked.item_UK[unread], ranked.score_UK[unread] = popular.item_UK, popular.score_UK
        for row, judged in self.judged(histories, least=k, allowed=allowed, exclude_seen=exclude_seen):
            row_S, item_S = judged.proposals.row_S, torch.from_numpy(judged.proposals.item_S)
            keys = keys_of(torch.from_numpy(judged.score_S), item_S).numpy()
            best = ranked_by_keys(keys, row_S, users=1, k=k)
            ranked.item_UK[row], ranked.score_UK[row] = best.item_UK[0], best.score_UK[0]
        return Answer(ranked=ranked, known_U=known_U)

    def judged(
        self, histories: Histories, *, allowed: Allowed, exclude_seen: bool, least: int
    ) -> Iterator[tuple[int, Judged]]:
        """Yield the row of each history of which something can be read, and its candidates.

        Parameters
        ----------
        histories
            U of them.
        least
            Retrieval proposes at least so many items.
        allowed, exclude_seen
            What may be recommended.
        """
        for row in np.flatnonzero(histories.only(self.known_V).lengths):
            one = histories.take(np.array([row]))
            wanted = allowed.without_seen(one, self.targets) if exclude_seen else allowed
            yield int(row), self.second.judge(one, allowed=wanted, known_V=self.known_V, least=least)

    def trace(self, asked: PolicyRequest, shown: pl.DataFrame) -> pl.DataFrame:
        """Return how lists came about: one row for each user and candidate.

        Parameters
        ----------
        asked
            The request that lists were made for; without a policy its ``candidates`` are its ``k``.
        shown
            The lists, as `recommend` returned them.

        Returns
        -------
        polars.DataFrame
            Columns ``user_id``, ``item_id``; for each source ``by NAME``, the rank at which it proposed the
            item (null: it did not); ``retrieval_score`` (log-odds) and ``retrieval_rank`` among the
            candidates; ``ranker_score``, the logit of the ranker; ``score``; what else the stage says, as its
            ``probability``; ``ranked``, the place after ranking; ``listed``, the place in the list, null for
            what is not shown. Users of whom nothing can be read have no rows: their lists are popular items.
        """
        request = self._request(users=asked.users, histories=asked.histories, times=asked.times)
        histories = request.histories if asked.at is None else asked_at(request.histories, asked.at)
        items, known_V = self.items, self.known_V
        allowed = Allowed(
            known_V=known_V,
            only_V=mask_of(asked.only, items=items, known_V=known_V, required=True),
            exclude_V=mask_of(asked.exclude, items=items, known_V=known_V, required=False),
        )
        judged = self.judged(
            histories,
            least=max(asked.k, asked.candidates),
            allowed=allowed,
            exclude_seen=asked.exclude_seen,
        )
        frame = self._frame_of(request.ids, list(judged))
        listed = shown.select("user_id", "item_id", listed="rank").unique(["user_id", "item_id"])
        return frame.join(listed, on=["user_id", "item_id"], how="left", maintain_order="left")

    def _frame_of(self, ids: pl.Series, judged: list[tuple[int, Judged]]) -> pl.DataFrame:
        """Return the rows of the trace but the lists, best first for each user."""
        second = self.second
        user = np.repeat([row for row, _ in judged], [len(one.score_S) for _, one in judged]).astype(np.int64)
        item = _joined([one.proposals.item_S for _, one in judged], np.int64)
        score = _joined([one.score_S for _, one in judged], np.float32)
        retrieval = _joined([one.retrieval_S for _, one in judged], np.float32)
        rank = _joined([one.proposals.rank_SN for _, one in judged], np.int32).reshape(
            -1, len(second.sources)
        )
        frame = pl.DataFrame(
            [ids[user].rename("user_id"), self.items.decode(item).rename("item_id")]
            + [
                pl.Series(f"by {source.name}", rank[:, place]).replace(0, None)
                for place, source in enumerate(second.sources)
            ]
            + [
                pl.Series("retrieval_score", retrieval),
                pl.Series("retrieval_rank", _places(user, retrieval, item)),
                pl.Series("ranker_score", _joined([one.ranker_S for _, one in judged], np.float32)),
                pl.Series("score", score),
                *(
                    pl.Series(name, _joined([one.more[name] for _, one in judged], kind))
                    for name, kind in second.columns.items()
                ),
                pl.Series("ranked", _places(user, score, item)),
            ]
        )
        return frame[np.lexsort((frame["ranked"].to_numpy(), user))]


def _joined(parts: list[np.ndarray], kind: type[np.generic]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0, dtype=kind)


def _places(row_S: np.ndarray, score_S: np.ndarray, item_S: np.ndarray) -> np.ndarray:
    """Return ``[S]`` the place of each candidate in its history, as lists are ordered."""
    keys_S = keys_of(torch.from_numpy(score_S), torch.from_numpy(item_S)).numpy()
    order = np.lexsort((-keys_S, row_S))
    place_S = np.empty(len(order), dtype=np.int64)
    place_S[order] = np.arange(len(order)) - np.searchsorted(row_S, row_S[order]) + 1
    return place_S
