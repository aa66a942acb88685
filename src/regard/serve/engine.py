"""Engine: lists in micro-batches, made by one thread beside the event loop.

Whatever waits when the thread is free is one batch: nothing waits for company. Requests are answered
together only where they ask alike (model, length, filters), so an answer never depends on who shares the
batch. Who has given up waiting is skipped. The queue is bounded: what does not fit is refused at once, with
a time after which to come again. It calls `Recommender.answer`, which is what evaluation measures.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from regard.recommend.filters import Allowed
from regard.serve.events import Id
from regard.serve.lanes import as_exception
from regard.serve.problems import Problem
from regard.serve.snapshot import History, Snapshot, joined

__all__ = ["Ask", "Engine", "Likeness", "Ranking", "allowed_of", "popular", "rankings"]

_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What requests that are answered together have in common; see `Ask`."""

    snapshot: int
    k: int
    allow: tuple[Id, ...] | None
    deny: tuple[Id, ...] | None
    exclude_seen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One list that is wanted.

    Parameters
    ----------
    snapshot
        The model that answers, in whose numbers the history is.
    history
        Whose list it is.
    k
        Length of the list.
    allow, deny
        Items that it is chosen from, and that it does not hold, by id.
    exclude_seen
        Whether what is in the history is left out.
    at
        When it is asked, microseconds since 1970; None: not known.
    """

    snapshot: Snapshot
    history: History
    k: int = 10
    allow: tuple[Id, ...] | None = None
    deny: tuple[Id, ...] | None = None
    exclude_seen: bool = True
    at: int | None = None

    @property
    def likeness(self) -> Likeness:
        """What requests of one batch have in common."""
        return Likeness(
            snapshot=id(self.snapshot),
            k=self.k,
            allow=self.allow,
            deny=self.deny,
            exclude_seen=self.exclude_seen,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A list, best first.

    Parameters
    ----------
    items, scores
        Ids and scores.
    read
        Whether anything of the history could be read; else the items are popular ones.
    unknown
        Events of the history that the model does not know.
    """

    items: list[Id]
    scores: list[float]
    read: bool
    unknown: int


@dataclass(slots=True)
class _Job:
    ask: Ask
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Ranking]
    answer: Ranking | Exception | None = field(default=None)


class Engine:
    """Makes lists.

    Parameters
    ----------
    waiting
        So many may wait.
    """

    def __init__(self, waiting: int) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting = waiting
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()
        self.batches = 0
        self.answered = 0

    @property
    def depth(self) -> int:
        """Number of lists that wait."""
        return self._jobs.qsize()

    async def rank(self, ask: Ask) -> Ranking:
        """Return a list.

        Raises
        ------
        Problem
            503 where too many wait.
        """
        if self._jobs.qsize() >= self._waiting:
            raise Problem("unavailable", "too many requests wait for a list; come again", retry_after=1)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Ranking] = loop.create_future()
        self._jobs.put(_Job(ask, loop, future))
        return await future

    def close(self) -> None:
        """Answer what waits, and stop."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        open_for_work = True
        while open_for_work:
            batch: list[_Job] = []
            job = self._jobs.get()
            while job is not None:
                if not job.future.cancelled():
                    batch.append(job)
                if len(batch) >= _BATCH or self._jobs.empty():
                    break
                job = self._jobs.get()
            open_for_work = job is not None
            if batch:
                self._answer(batch)

    def _answer(self, batch: list[_Job]) -> None:
        groups: dict[Likeness, list[_Job]] = {}
        for job in batch:
            groups.setdefault(job.ask.likeness, []).append(job)
        for group in groups.values():
            try:
                for job, ranking in zip(group, rankings([job.ask for job in group]), strict=True):
                    job.answer = ranking
            except BaseException as error:  # a panic of a library too: who waits must hear of it
                for job in group:
                    job.answer = as_exception(error)
        self.batches += 1
        self.answered += len(batch)
        batch[0].loop.call_soon_threadsafe(_deliver, batch)


def rankings(asks: Sequence[Ask]) -> list[Ranking]:
    """Return the lists of requests that are alike (`Ask.likeness`)."""
    first = asks[0]
    snapshot, recommender = first.snapshot, first.snapshot.recommender
    histories = joined([ask.history for ask in asks], [ask.at for ask in asks])
    answer = recommender.answer(
        histories, k=first.k, allowed=allowed_of(first), exclude_seen=first.exclude_seen
    )
    item_UK, score_UK = answer.ranked.item_UK, answer.ranked.score_UK
    length_U = (item_UK >= 0).sum(axis=1).tolist()
    ids = snapshot.model.dataset.items.decode(item_UK[item_UK >= 0]).to_list()
    made, start = [], 0
    for row, length in enumerate(length_U):
        one, known = asks[row].history, int(answer.known_U[row])
        made.append(
            Ranking(
                items=ids[start : start + length],
                scores=score_UK[row, :length].tolist(),
                read=known > 0,
                unknown=one.unknown + len(one.item_E) - known,
            )
        )
        start += length
    return made


def allowed_of(ask: Ask) -> Allowed:
    """Return what a request allows; what is hidden is allowed to nobody."""
    snapshot = ask.snapshot
    denied_V: np.ndarray | None = snapshot.hidden_items
    if ask.deny is not None:
        own_V = snapshot.mask(ask.deny)
        denied_V = own_V if denied_V is None else own_V | denied_V
    return Allowed(
        known_V=snapshot.model.recommender.known_V,
        only_V=None if ask.allow is None else snapshot.mask(ask.allow),
        exclude_V=denied_V,
    )


def popular(ask: Ask) -> Ranking:
    """Return what is popular, without asking the model: cheap enough for the event loop.

    An `allow` of items without any event of training gives an empty list.
    """
    snapshot = ask.snapshot
    recommender = snapshot.model.recommender
    counts_V = recommender.popularity_V
    barred = set(ask.history.item_E.tolist()) if ask.exclude_seen else set()
    barred |= set(snapshot.numbers(ask.deny).tolist()) if ask.deny else set()
    if ask.allow is not None:
        chosen = np.unique(snapshot.numbers(ask.allow))
        chosen = chosen[chosen >= 0]
        order_V = chosen[np.argsort(-counts_V[chosen], kind="stable")]
    else:
        order_V = snapshot.popular_items[: ask.k + len(barred) + len(snapshot.hidden)]
    hidden_V = snapshot.hidden_items
    kept = [
        number
        for number in order_V.tolist()
        if number not in barred and counts_V[number] > 0 and not (hidden_V is not None and hidden_V[number])
    ][: ask.k]
    total = max(int(counts_V.sum()), 1)
    return Ranking(
        items=snapshot.model.dataset.items.decode(kept).to_list(),
        scores=np.log(counts_V[kept] / total).tolist(),
        read=False,
        unknown=ask.history.unknown,
    )


def _deliver(batch: list[_Job]) -> None:
    for job in batch:
        if job.future.done():
            continue
        if isinstance(job.answer, Ranking):
            job.future.set_result(job.answer)
        else:
            assert job.answer is not None
            job.future.set_exception(job.answer)
