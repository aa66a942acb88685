"""RankerStage: a ranker of impressions as the second stage of a retrieval model.

    score = the value of the predicted actions, calibrated probabilities put into a formula

Retrieval only proposes: what was shown before, and what came of it, decides the order. The two know users and
items by numbers of their own, which meet by their ids. The policy where they differ: an item that the ranker
does not know stays a candidate, and is scored as one of which nothing is known; a user that it does not know
is nobody. The ranker reads the feedback that it was given; of a user without any, and where it learned from
histories of the log, it reads the history of the retrieval model, each event as one that came of what was
shown. Columns of a request (a device, a page) are missing.

Shape letters: U histories, S candidates of all histories, I histories that have a candidate, V items of the
retrieval model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from regard.data.feedback import OUTCOME
from regard.data.histories import Histories
from regard.data.impressions import Impressions
from regard.data.packing import NO_TIME
from regard.ranking import RankingModel
from regard.recommend.candidates import Proposals, Source
from regard.recommend.filters import Allowed
from regard.recommend.second_stage import Judged, proposed
from regard.recommend.value import ValueFormula

__all__ = ["KNOWN", "RankerStage"]

KNOWN = "known to the ranker"
_LATER = 2**62  # microseconds: after everything that is known


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerStage:
    """What comes after retrieval: a ranker that learned from impressions.

    Parameters
    ----------
    sources
        N of them, retrieval first.
    ranker
        With its users, its items and the feedback that it knows.
    value
        What a candidate is worth, by the probabilities of the ranker's actions.
    item_V, user_W
        The ranker's numbers of the items and users of the retrieval model, -1 where it does not know one.
    """

    sources: tuple[Source, ...]
    ranker: RankingModel
    value: ValueFormula
    item_V: np.ndarray
    user_W: np.ndarray

    @property
    def columns(self) -> Mapping[str, type[np.generic]]:
        """Names and types of what it says beside scores: a probability for each action, and what is known."""
        return {**{_chance(action): np.float64 for action in self.ranker.spec.actions}, KNOWN: np.bool_}

    def judge(self, histories: Histories, *, allowed: Allowed, known_V: np.ndarray, least: int = 0) -> Judged:
        """Find and score the candidates of U histories, none of which is without a known item.

        Raises
        ------
        ConfigError
            If a value is not finite, since its formula divides by what can be 0.
        """
        made = proposed(self.sources, histories, allowed=allowed, known_V=known_V, least=least)
        found = made.proposals
        logit_SA = self._logits(histories, found)
        chances = self.ranker.probabilities(logit_SA)
        return Judged(
            proposals=found,
            retrieval_S=made.value_SN[:, 0],
            ranker_S=logit_SA[:, 0],
            score_S=self.value.of(chances).astype(np.float32),
            more={
                **{_chance(action): chance for action, chance in chances.items()},
                KNOWN: self.item_V[found.item_S] >= 0,
            },
        )

    def _logits(self, histories: Histories, found: Proposals) -> np.ndarray:
        """Return ``[S, A]`` float32 logits; each history is encoded once."""
        rows = np.unique(found.row_S)
        if len(rows) == 0:
            return np.empty((0, len(self.ranker.spec.actions)), dtype=np.float32)
        some = histories.take(rows)
        asked_I = np.full(len(rows), NO_TIME) if some.asked is None else some.asked
        user_I = np.full(len(rows), -1, dtype=np.int32)
        if some.user is not None:
            user_I = np.where(some.user >= 0, self.user_W[some.user], -1).astype(np.int32)
        counts = np.bincount(found.row_S, minlength=found.users)[rows]
        shown = Impressions(
            offsets=np.concatenate([[0], np.cumsum(counts)]),
            user_I=user_I,
            # Without a time everything that is known came before.
            time_I=np.where(asked_I == NO_TIME, _LATER, asked_I),
            item_K=self.item_V[found.item_S].astype(np.int32),
            labels={},
        )
        read = replace(self._histories(some, shown), asked=asked_I)
        return self.ranker.logits(shown, histories=read)

    def _histories(self, brought: Histories, shown: Impressions) -> Histories:
        """Return ``[I]`` what the ranker reads of each user, by its own numbers."""
        past = self.ranker.past.about(shown)
        if past.kind == "none":
            return past.histories(shown)
        mine = self._translated(brought)
        if past.kind == "given":
            return replace(mine, time=np.full(len(mine.time), NO_TIME))
        own = past.histories(shown)
        event = {OUTCOME: np.ones(len(mine.item), dtype=np.int32)}
        fed, first = own.lengths > 0, len(own.item)
        return Histories(
            start=np.where(fed, own.start, mine.start + first),
            stop=np.where(fed, own.stop, mine.stop + first),
            item=np.concatenate([own.item, mine.item]),
            time=np.concatenate([own.time, mine.time]),
            fields={name: np.concatenate([own.fields[name], more]) for name, more in event.items()},
        )

    def _translated(self, histories: Histories) -> Histories:
        """Return the events whose items the ranker knows, by its numbers, without their fields."""
        known = replace(histories.only(self.item_V >= 0), fields={})
        events = known.events()
        stop = np.cumsum(known.lengths)
        return Histories(
            start=stop - known.lengths,
            stop=stop,
            item=self.item_V[known.item[events]].astype(np.int32),
            time=known.time[events],
        )


def _chance(action: str) -> str:
    return f"probability of {action}"
