"""A split of impressions by time: learn from what was shown before a moment, be asked for what came after.

The same rule as for events (`regard.data.split`): the cut is the time of an impression, at a quantile of all
of them or at a date. Applied to its own training part it cuts validation the same way. An impression is
never cut in two. Logs of advertisements such as Criteo's have no times, but are written as things happen:
where no impression has a time, or all have the same, the order of the log is taken for the order of time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regard.data.impressions import Impressions
from regard.data.packing import NO_TIME
from regard.data.split import SplitSpec
from regard.data.times import iso_micros
from regard.errors import SplitError

__all__ = ["ImpressionSplit", "split_impressions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpressionSplit:
    """Impressions cut in two.

    Parameters
    ----------
    train
        What was shown before `cutoff`.
    test
        What was shown then and later.
    cutoff
        Microseconds; where the order of the log is that of time, the number of impressions before.
    """

    train: Impressions
    test: Impressions
    cutoff: int


def split_impressions(impressions: Impressions, spec: SplitSpec | None = None) -> ImpressionSplit:
    """Cut impressions by time.

    Parameters
    ----------
    impressions
        With known times; or in the order in which they happened, all without a time or of one moment.
    spec
        ``time`` with a quantile of the impressions' times (0.9 by default) or a date.

    Raises
    ------
    SplitError
        If some times are not known, or none where a date cuts; if the split is not one by time; or if a part
        is empty or its first label has one class only.

    Examples
    --------
    >>> shown = Impressions.of([[1, 2]] * 10, clicked=[[1]] * 10)
    >>> parts = split_impressions(shown, SplitSpec(quantile=0.8))
    >>> len(parts.train), len(parts.test), parts.cutoff
    (7, 3, 7)
    """
    chosen = spec or SplitSpec()
    if chosen.kind != "time":
        raise SplitError(f"split {chosen}: impressions are split by time only; use time, time:0.8 or a date")
    time_I = impressions.time_I
    untimed = int((time_I == NO_TIME).sum())
    by_order = chosen.at is None and len(np.unique(time_I)) == 1
    if len(impressions) == 0 or (untimed and not by_order):
        raise SplitError(
            f"split {chosen}: {untimed:,} of {len(impressions):,} impressions have no times; bring a column "
            "timestamp, or files that are already split"
        )
    if by_order:
        time_I = np.arange(len(impressions))
    cutoff = _cutoff(time_I, chosen)
    before = time_I < cutoff
    parts = {"before": np.flatnonzero(before), "from": np.flatnonzero(~before)}
    for when, rows in parts.items():
        if not len(rows):
            first, last = (_moment(int(time)) for time in (time_I.min(), time_I.max()))
            raise SplitError(
                f"split {chosen}: no impression is {when} {_moment(cutoff)} (they span {first} to {last})"
            )
    train, test = (impressions.take(rows) for rows in parts.values())
    action = impressions.actions[0]
    for part, what in ((train, "before"), (test, "from")):
        label = part.labels[action]
        if (label > 0).all() or not (label > 0).any():
            raise SplitError(
                f"split {chosen}: all {len(label)} labels of {action!r} {what} {_moment(cutoff)} are alike: "
                "cut at another time"
            )
    return ImpressionSplit(train=train, test=test, cutoff=cutoff)


def _cutoff(time_I: np.ndarray, spec: SplitSpec) -> int:
    if spec.at is not None:
        at = iso_micros(spec.at)
        assert at is not None, "checked when the configuration was made"
        return at
    rank = int(np.floor(spec.quantile * (len(time_I) - 1)))
    return int(np.partition(time_I, rank)[rank])


def _moment(micros: int) -> str:
    return str(np.datetime64(micros, "us"))
