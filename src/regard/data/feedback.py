"""Feedback: what users did with what they were shown, as histories of later impressions.

A log of impressions is a log of events too: every item that was shown, with what came of it as a field of the
event, or only those that were clicked. Items that were seen and passed over say what a user does not want. An
impression's own history holds what came strictly before it (`regard.data.impressions.histories_at`), so that
no label is seen before it is asked for. It knows no model.

Shape letters: N events, K candidates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from regard.data.histories import Histories
from regard.data.impressions import Impressions, histories_at
from regard.errors import DataError

__all__ = ["OUTCOME", "Feedback", "FeedbackKind", "Past"]

FeedbackKind = Literal["shown", "clicked"]
OUTCOME: Final = "outcome"  # field of an event: 1 if the action came of it, else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """N events of known users with known items, in any order.

    Parameters
    ----------
    user_N, item_N
        ``[N]`` int32 numbers.
    time_N
        ``[N]`` int64 microseconds.
    outcome_N
        ``[N]`` int8, 1 if the action came of it.

    Examples
    --------
    >>> shown = Impressions.of([[4, 2], [7]], clicked=[[2], []], users=[0, 0])
    >>> Feedback.of(shown, action="click", kind="shown").histories(2).items_of(0)
    array([4, 2, 7], dtype=int32)
    """

    user_N: np.ndarray
    item_N: np.ndarray
    time_N: np.ndarray
    outcome_N: np.ndarray

    @classmethod
    def nothing(cls) -> Feedback:
        """Return no events."""
        empty = np.empty(0, dtype=np.int32)
        return cls(user_N=empty, item_N=empty, time_N=empty.astype(np.int64), outcome_N=empty.astype(np.int8))

    @classmethod
    def of(cls, impressions: Impressions, *, action: str, kind: FeedbackKind) -> Feedback:
        """Make events of impressions: all, or those that `action` came of."""
        user_K, outcome_K = impressions.users(), impressions.labels[action] > 0
        kept = (user_K >= 0) & (impressions.item_K >= 0)
        if kind == "clicked":
            kept &= outcome_K
        return cls(
            user_N=user_K[kept],
            item_N=impressions.item_K[kept],
            time_N=np.repeat(impressions.time_I, impressions.lengths)[kept],
            outcome_N=outcome_K[kept].astype(np.int8),
        )

    def plus(self, other: Feedback) -> Feedback:
        """Return the events of both, each once, by user and time; those of one moment in their order."""
        user, item, time, outcome = (
            np.concatenate([getattr(self, name), getattr(other, name)])
            for name in ("user_N", "item_N", "time_N", "outcome_N")
        )
        order = np.lexsort((np.arange(len(user)), item, time, user))
        key = np.stack([user[order].astype(np.int64), item[order].astype(np.int64), time[order]])
        new = np.ones(len(order), dtype=bool)
        new[1:] = (key[:, 1:] != key[:, :-1]).any(axis=0)
        kept = np.sort(order[new])
        kept = kept[np.lexsort((kept, time[kept], user[kept]))]
        return Feedback(user_N=user[kept], item_N=item[kept], time_N=time[kept], outcome_N=outcome[kept])

    def histories(self, users: int) -> Histories:
        """Return the histories of users 0 to `users` - 1, with the field `OUTCOME`."""
        order = np.lexsort((np.arange(len(self.user_N)), self.time_N, self.user_N))
        stop = np.searchsorted(self.user_N[order], np.arange(users), side="right").astype(np.int64)
        return Histories(
            start=np.concatenate([[0], stop[:-1]]).astype(np.int64)[:users],
            stop=stop,
            item=self.item_N[order],
            time=self.time_N[order],
            fields={OUTCOME: self.outcome_N[order].astype(np.int32)},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the histories of impressions are made of.

    Parameters
    ----------
    kind
        ``"given"``: the histories that the log brought (feedback is known for rates alone); ``"none"``: empty
        ones; else feedback.
    action
        Label that is the outcome of an event.
    known
        Feedback that is known already, beside that of the impressions that are asked for.
    users
        Number of users.
    level
        Share of what was shown that the action came of, in the log that was learned from.
    """

    kind: Literal["given", "none"] | FeedbackKind
    action: str
    known: Feedback
    users: int
    level: float = 0.5

    def histories(self, impressions: Impressions) -> Histories:
        """Return ``[I]`` what each user had done before each impression.

        Earlier ones of `impressions` count, with their labels, as what is known by then.

        Raises
        ------
        DataError
            If the impressions bring no histories and should.
        """
        if self.kind == "given":
            if impressions.history is None:
                raise DataError(
                    "the impressions bring no histories, which this ranker reads: bring a column history"
                )
            return impressions.history
        if self.kind == "none":
            return Histories.of([[] for _ in range(len(impressions))])
        every = self.known
        if self.action in impressions.labels:
            every = every.plus(Feedback.of(impressions, action=self.action, kind=self.kind))
        return histories_at(impressions, every.histories(self.users))

    def about(self, impressions: Impressions) -> Past:
        """Return the same with only the feedback of the users and of the items that are asked for.

        Their histories and rates are the same, and take no longer than they have events.
        """
        known = self.known
        asked_N = _among(known.user_N, impressions.user_I) | _among(known.item_N, impressions.item_K)
        return replace(
            self,
            known=Feedback(
                user_N=known.user_N[asked_N],
                item_N=known.item_N[asked_N],
                time_N=known.time_N[asked_N],
                outcome_N=known.outcome_N[asked_N],
            ),
        )

    def after(self, impressions: Impressions) -> Past:
        """Return the same with the feedback of impressions known."""
        match self.kind:
            case "none":
                return self
            case kind:
                what: FeedbackKind = "clicked" if kind == "clicked" else "shown"
                more = Feedback.of(impressions, action=self.action, kind=what)
                return replace(self, known=self.known.plus(more))


def _among(number_N: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Return ``[N]`` bool: whether a number, from 0, is one of `some`."""
    asked = np.zeros(int(max(number_N.max(initial=-1), some.max(initial=-1))) + 1, dtype=bool)
    asked[some[some >= 0]] = True
    found: np.ndarray = asked[number_N]
    return found
