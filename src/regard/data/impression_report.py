"""ImpressionReport: what was read of a table of impressions, what was dropped, what is not known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regard.config import Config
from regard.data.checks import Problem
from regard.data.impressions import Impressions
from regard.data.leakage import leaks

__all__ = ["ImpressionReport", "report_impressions"]


class ImpressionReport(Config):
    """Everything that reading impressions counted.

    Attributes
    ----------
    source
        The file or table.
    rows
        Rows of the source.
    impressions, candidates
        What can be used.
    bad
        Rows with a problem, dropped.
    rates
        By action the mean label: the share of 1, or the mean amount.
    without_success
        Impressions in which nothing was clicked (label of the first action).
    anonymous
        Impressions that name no user.
    unknown_users
        Impressions whose user the vocabulary lacks.
    unknown_items
        Candidates whose item the vocabulary lacks.
    unknown_events
        Events of the histories whose item it lacks; they are left out.
    problems
        Rows that could not be used, by kind.
    warnings
        What to look at before trusting the result, columns that give a label away among them.
    """

    source: str
    rows: int
    impressions: int
    candidates: int
    bad: int
    rates: dict[str, float]
    without_success: int
    anonymous: int
    unknown_users: int
    unknown_items: int
    unknown_events: int
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def report_impressions(
    impressions: Impressions,
    *,
    source: str,
    rows: int,
    anonymous: int,
    unknown_users: int,
    unknown_items: int,
    unknown_events: int,
    problems: Sequence[Problem],
) -> ImpressionReport:
    """Count what impressions hold and warn of what is legal but seldom meant."""
    candidates = impressions.num_candidates
    warnings = [
        f"{count:,} of {total:,} {what}"
        for count, total, what in (
            (rows - candidates, rows, "rows with problems were dropped"),
            (unknown_users, len(impressions), "impressions are of users that the events do not have"),
            (unknown_items, candidates, "candidates are items that the events do not have"),
        )
        if count
    ]
    if impressions.context is not None:
        warnings += [leak.describe() for leak in leaks(impressions.context, impressions.labels)]
    first = next(iter(impressions.labels.values()), np.zeros(candidates))
    success = np.add.reduceat(first, impressions.offsets[:-1]) if candidates else np.zeros(0)
    return ImpressionReport(
        source=source,
        rows=rows,
        impressions=len(impressions),
        candidates=candidates,
        bad=rows - candidates,
        rates={action: float(label.mean(dtype=np.float64)) for action, label in impressions.labels.items()},
        without_success=int((success == 0).sum()),
        anonymous=anonymous,
        unknown_users=unknown_users,
        unknown_items=unknown_items,
        unknown_events=unknown_events,
        problems=tuple(problems),
        warnings=tuple(warnings),
    )
