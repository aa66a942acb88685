"""Service: what the server does, without HTTP: events into the log, lists out of the model.

The order of an acknowledgement is: users leave the memory, events reach the disk, users come back with
them, the answer goes out. Where the model or the store cannot answer in time, popular items are, and the
answer says so. Calls that block (the log, explanations) run in threads; the event loop only waits. How
models and items are changed is known in `regard.serve.changes`.

Its methods are called from the event loop only.
"""

from __future__ import annotations

from asyncio import timeout
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from regard.errors import StoreError
from regard.serve.counters import Counters
from regard.serve.engine import Ask, Engine, Ranking, popular
from regard.serve.events import Appended, Id, StoredEvent
from regard.serve.lanes import Lane
from regard.serve.limits import Limits
from regard.serve.log import EventLog
from regard.serve.logs import JsonLog
from regard.serve.problems import Problem
from regard.serve.snapshot import History, Snapshot
from regard.serve.state import UserStates

__all__ = ["Answer", "Service", "Serving"]

T = TypeVar("T")
_STORE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A model and the histories in its numbers: swapped as one.

    Parameters
    ----------
    snapshot
        The model.
    states
        Users in memory.
    """

    snapshot: Snapshot
    states: UserStates


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A list and why it is not the model's, if it is not.

    Parameters
    ----------
    ask, ranking
        What was asked and what comes of it.
    reason
        As in `regard.serve.wire.RecommendOut`.
    """

    ask: Ask
    ranking: Ranking
    reason: str | None = None


class Service:
    """A model, a log, and the memory between them.

    Parameters
    ----------
    snapshot
        The model that answers first.
    log
        Where events are kept.
    limits
        What a request may cost.
    memory
        Bytes for histories of users; 0 where other processes write to the same log.
    journal
        Where to write what happens.
    """

    def __init__(
        self, snapshot: Snapshot, log: EventLog, *, limits: Limits, memory: int, journal: JsonLog
    ) -> None:
        self.log, self.limits, self.journal = log, limits, journal
        self.counters = Counters()
        self.engine = Engine(limits.waiting)
        self.store = Lane("the store", threads=16, waiting=256)
        self.slow = Lane("explanations", threads=1, waiting=16)
        self._memory = memory
        self.serving = Serving(snapshot=snapshot, states=UserStates(memory))
        self.draining = False

    @property
    def snapshot(self) -> Snapshot:
        """The model that answers now."""
        return self.serving.snapshot

    def swap(self, snapshot: Snapshot) -> None:
        """Answer with another model from the next request on; who has begun with the old one ends with it."""
        self.serving = Serving(snapshot=snapshot, states=UserStates(self._memory))

    async def store_events(self, events: Sequence[StoredEvent]) -> Appended:
        """Append events and return when they are on disk.

        Raises
        ------
        Problem
            503 where the store cannot write now.
        """
        serving = self.serving
        states, users = serving.states, {event.user_id for event in events}
        before, after = states.begin(users), dict[Id, History]()
        try:
            appended = await self.in_store(lambda: self.log.append(events))
            if not appended.duplicates:
                after = self._after(serving, before, events)
        finally:
            states.end(users, after)
            if serving is not self.serving:
                for user in users:
                    self.serving.states.forget(user)
        self.counters.add("regard_events_total", "outcome", "stored", appended.stored)
        self.counters.add("regard_events_total", "outcome", "duplicate", appended.duplicates)
        return appended

    def _after(
        self, serving: Serving, before: dict[Id, History], events: Sequence[StoredEvent]
    ) -> dict[Id, History]:
        """Return the histories of users who were in memory, with their new events."""
        after = {}
        for user, history in before.items():
            if serving.states.alone(user) and len(history.item_E) < self.limits.user_events:
                own = [event for event in events if event.user_id == user]
                after[user] = serving.snapshot.after(history, sorted(own, key=lambda event: event.time))
        return after

    async def history(self, user: Id, serving: Serving) -> History:
        """Return the history of a user, from memory or from the log.

        Raises
        ------
        StoreError, Problem
            If the log cannot be read now.
        """
        found = serving.states.get(user)
        if found is not None:
            return found
        mark, history = serving.states.reading(user), None
        try:
            latest = self.limits.user_events
            events = await self.store.run(lambda: self.log.history(user, latest=latest))
            history = serving.snapshot.past(user, events)
        finally:
            serving.states.read(mark, history)
        return history

    async def recommend(self, make: Callable[[Snapshot, History], Ask], whose: Id | History) -> Answer:
        """Return a list for a user, or for a bare history.

        Parameters
        ----------
        make
            Returns what is asked of a model for a history.
        whose
            Id of a user, or a history of the model that answers now.

        Raises
        ------
        Problem
            503 where too many requests wait.
        """
        serving = self.serving
        snapshot = serving.snapshot
        try:
            async with timeout(self.limits.seconds):
                own = whose if isinstance(whose, History) else await self.history(whose, serving)
                ask = make(snapshot, own)
                ranking = await self.engine.rank(ask)
        except TimeoutError:
            return self._fallback(make, whose, snapshot, "slow")
        except StoreError:
            return self._fallback(make, whose, snapshot, "store_down")
        except Problem:
            raise
        except Exception as error:  # whatever the model does, there is a list
            self.journal.mistake(error, {"where": "engine"})
            return self._fallback(make, whose, snapshot, "model_failed")
        if ranking.read:
            return Answer(ask=ask, ranking=ranking)
        self.counters.add("regard_fallbacks_total", "reason", "no_history")
        return Answer(ask=ask, ranking=ranking, reason="no_history")

    def _fallback(
        self,
        make: Callable[[Snapshot, History], Ask],
        whose: Id | History,
        snapshot: Snapshot,
        reason: str,
    ) -> Answer:
        """Return popular items; what is left out is what the training data know."""
        self.counters.add("regard_fallbacks_total", "reason", reason)
        own = whose if isinstance(whose, History) else snapshot.known(whose)
        ask = make(snapshot, own)
        return Answer(ask=ask, ranking=popular(ask), reason=reason)

    async def in_store(self, call: Callable[[], T]) -> T:
        """Call the log in a thread.

        Raises
        ------
        Problem
            503 where it cannot be used now.
        """
        try:
            return await self.store.run(call, seconds=_STORE_SECONDS)
        except (StoreError, TimeoutError) as error:
            self.journal.write("store", {"error": type(error).__name__}, level="error")
            message = "the store does not answer now; whether anything was stored is not known: send it again"
            raise Problem("unavailable", message, retry_after=1) from None

    async def is_ready(self) -> bool:
        """Whether requests are answered in full: the store can be used, and nobody has asked to stop."""
        if self.draining:
            return False
        try:
            await self.store.run(self.log.check, seconds=self.limits.seconds)
        except (StoreError, TimeoutError, Problem):
            return False
        return True

    def gauges(self) -> dict[str, float]:
        """Return what is so now."""
        states = self.serving.states
        return {
            "regard_waiting_lists": self.engine.depth,
            "regard_waiting_store": self.store.depth,
            "regard_waiting_slow": self.slow.depth,
            "regard_batches": self.engine.batches,
            "regard_batched_lists": self.engine.answered,
            "regard_users_in_memory": len(states),
            "regard_user_bytes": states.nbytes,
            "regard_items": len(self.snapshot.model.dataset.items),
        }

    def close(self) -> None:
        """Finish what was begun, and close the log."""
        self.engine.close()
        self.slow.close()
        self.store.close()
        self.log.close()
