"""Splits: what a model may learn from, and what it is asked afterwards.

`hold_out` cuts a log in two: a Dataset of what came before, and Queries about what came after. Applied
to its own result it cuts validation the same way from the training part. Events are neither copied nor
sorted: a cut needs memory for the users, not for the events. Where target types are named
(`regard.data.target`), only their events are asked for; histories and training keep those of all types.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pydantic

from regard.config import Config
from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.target import Targets, last_targets
from regard.data.times import iso_micros
from regard.errors import ConfigError, SplitError

__all__ = ["Holdout", "Queries", "SplitSpec", "hold_out"]

_BINS = 1 << 16
_BLOCK = 1 << 20  # events in memory at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Questions with known answers: given this history, which item comes next?

    Parameters
    ----------
    user
        ``[U]`` int32 user numbers.
    histories
        ``[U]`` everything that the user did before the target, also after the cut-off.
    target
        ``[U]`` int32 item numbers.
    target_time
        ``[U]`` int64 microseconds.
    targets
        Which types of events are asked for; None: all.
    """

    user: np.ndarray
    histories: Histories
    target: np.ndarray
    target_time: np.ndarray
    targets: Targets | None = None

    def __len__(self) -> int:
        return len(self.target)

    def asked_when_it_happened(self) -> Histories:
        """Return the histories with the times of their targets as the times of the requests."""
        return replace(self.histories, asked=self.target_time)


class SplitSpec(Config):
    """How a log is cut.

    Attributes
    ----------
    kind
        ``"time"``: one cut-off for all users; train on what came before it, ask for the last event of
        each user who has events on both sides. ``"leave-last-out"``: ask for the last event of each
        user, train on all before it (for published tables only: it shows a model the future of other
        users). ``"none"``: train on everything, ask nothing. Where target types are named, the event asked
        for is the last one of a target type; what came after it is in no part.
    quantile
        Where ``"time"`` cuts: the ``floor(quantile * (T - 1))``-th of the T sorted times of events
        (NumPy's method ``"lower"``).
    at
        An ISO date or time (UTC unless it says otherwise) to cut at, instead of the quantile.

    Examples
    --------
    >>> SplitSpec.parse("time:0.8").quantile
    0.8
    >>> SplitSpec.parse("time:2011-11-01").at
    '2011-11-01'
    """

    kind: Literal["time", "leave-last-out", "none"] = "time"
    quantile: float = pydantic.Field(default=0.9, gt=0, lt=1)
    at: str | None = None

    @pydantic.field_validator("at")
    @classmethod
    def _is_a_date(cls, at: str | None) -> str | None:
        if at is not None and iso_micros(at) is None:
            raise ValueError("not an ISO date or time such as 2011-11-01 or 2011-11-01T12:00:00Z")
        return at

    @classmethod
    def parse(cls, text: str) -> SplitSpec:
        """Make it from what a command line gives.

        Raises
        ------
        ConfigError
            If `text` is not ``time``, ``time:0.8``, ``time:2011-11-01``, ``leave-last-out``, ``none``.
        """
        kind, _, where = text.strip().partition(":")
        match (kind, where):
            case ("time" | "leave-last-out" | "none") as simple, "":
                return cls(kind=simple)
            case "time", _:
                try:
                    return cls(quantile=float(where))
                except ValueError:
                    return cls(at=where)
        raise ConfigError(
            f"split {text!r}: use time, time:0.8 (a quantile), time:2011-11-01 (a date), "
            "leave-last-out or none"
        )

    def __str__(self) -> str:
        if self.kind != "time":
            return self.kind
        return f"time:{self.at or f'{self.quantile:g}'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """A log cut in two.

    Parameters
    ----------
    train
        What a model may learn from, over the same users and items as the whole log.
    queries
        What it is asked afterwards.
    cutoff
        Microseconds: `train` is what happened before it; None where there is no common cut-off.
    """

    train: Dataset
    queries: Queries
    cutoff: int | None


def hold_out(dataset: Dataset, spec: SplitSpec | None = None, *, asking: Targets | None = None) -> Holdout:
    """Cut a log into what is learnt from and what is asked.

    Everything is a view of the same events: only the ranges of the users differ. In a split by time
    no target is earlier than any training event.

    Parameters
    ----------
    dataset
        The log, or the training part of an earlier cut.
    spec
        How to cut; by default by time at the 0.9 quantile of all events.
    asking
        Which types of events the queries ask for; None: those that `dataset` asks for. The part that is
        learnt from keeps its own.

    Raises
    ------
    SplitError
        If nothing is left to train on, or nobody is left to ask.
    """
    chosen = spec or SplitSpec()
    histories, targets = dataset.histories, asking or dataset.targets
    if chosen.kind == "none":
        nobody = np.full(len(histories), -1, dtype=np.int64)
        return Holdout(train=dataset, queries=_queries(histories, nobody, targets), cutoff=None)
    if histories.num_events == 0:
        raise SplitError(f"split {chosen}: the log has no events")
    if chosen.kind == "leave-last-out":
        cutoff, last = None, last_targets(histories, targets)
        asked = last > histories.start
        train = replace(histories, stop=np.where(asked, last, histories.stop))
    else:
        cutoff = _cutoff(histories, chosen)
        train = histories.before(cutoff)
        last = last_targets(replace(histories, start=train.stop), targets)
        asked = (train.stop > train.start) & (last >= 0)
    part = dataset.part(train)
    _check(part, asked, histories, spec=chosen, asking=targets)
    queries = _queries(histories, np.where(asked, last, -1), targets)
    return Holdout(train=part, queries=queries, cutoff=cutoff)


def _cutoff(histories: Histories, spec: SplitSpec) -> int:
    if spec.at is not None:
        at = iso_micros(spec.at)
        assert at is not None, "checked when the configuration was made"
        return at
    return _ranked_time(histories, int(np.floor(spec.quantile * (histories.num_events - 1))))


def _ranked_time(histories: Histories, rank: int) -> int:
    """Return the time that has `rank` events before it in order of time, without sorting or copying them.

    Each pass over the times counts them in bins between `low` and `high` and goes on in the bin that
    holds the rank.
    """
    spans = [(int(part.min()), int(part.max())) for part in _times(histories)]
    low, high = min(first for first, _ in spans), max(last for _, last in spans)
    while low < high:
        width = (high - low) // _BINS + 1
        counts = np.zeros(_BINS, dtype=np.int64)
        for time in _times(histories):
            inside = time[(time >= low) & (time <= high)]
            counts += np.bincount((inside - low) // width, minlength=_BINS)
        total = np.cumsum(counts)
        chosen = int(np.searchsorted(total, rank, side="right"))
        rank -= int(total[chosen] - counts[chosen])
        low += chosen * width
        high = min(high, low + width - 1)
    return low


def _times(histories: Histories) -> Iterator[np.ndarray]:
    """Yield the times of all events, block by block."""
    for block in histories.blocks(_BLOCK):
        if block.num_events:
            yield np.asarray(block.of_events(block.time))


def _queries(histories: Histories, last: np.ndarray, targets: Targets | None) -> Queries:
    """Ask each user for the event at the place `last` (``[U]``) of the flat arrays; nobody where it is -1."""
    user = np.flatnonzero(last >= 0).astype(np.int32)
    place = last[user]
    return Queries(
        user=user,
        histories=replace(histories.of_users().take(user), stop=place),
        target=np.asarray(histories.item[place]),
        target_time=np.asarray(histories.time[place]),
        targets=targets,
    )


def _check(
    part: Dataset, asked: np.ndarray, histories: Histories, *, spec: SplitSpec, asking: Targets | None
) -> None:
    train, targets, what = part.histories, part.targets, _named(asking)
    if train.num_events == 0:
        first = _moment(int(histories.time[histories.start[histories.lengths > 0]].min()))
        raise SplitError(f"split {spec}: nothing to train on, since no event is before it (first: {first})")
    if targets is not None and not (last_targets(train, targets) > train.start).any():
        raise SplitError(
            f"split {spec}: nothing to train on, since it leaves no {_named(targets)} after another event"
        )
    if not asked.any():
        last = _moment(int(histories.time[histories.stop[histories.lengths > 0] - 1].max()))
        why = (
            f"no user has {'two events' if what == 'event' else f'an {what} after another event'}"
            if spec.kind == "leave-last-out"
            else f"no user has {_on_both_sides(what)} it (last event: {last})"
        )
        raise SplitError(f"split {spec}: nobody to ask, since {why}")


def _named(targets: Targets | None) -> str:
    return "event" if targets is None or not targets.names else f"event of type {' or '.join(targets.names)}"


def _on_both_sides(what: str) -> str:
    return "events both before and after" if what == "event" else f"events before and an {what} after"


def _moment(micros: int) -> str:
    return str(np.datetime64(micros, "us"))
