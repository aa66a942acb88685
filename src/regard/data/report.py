"""DataReport: what was read and understood, dropped and counted, as numbers and as warnings.

Made by `prepare`; shown by ``regard data check``; kept with a prepared data set. Only counts: it
holds no event.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np

from regard.config import Config
from regard.data.attributes import Attributes
from regard.data.checks import Problem
from regard.data.times import TimeReading

__all__ = [
    "RARE",
    "DataReport",
    "Lengths",
    "TableReport",
    "TimeReport",
    "table_report",
    "time_report",
    "warn",
]

RARE = 5  # an item with fewer events than this is called rare


class Lengths(Config):
    """Numbers of events per user."""

    min: int
    median: float
    mean: float
    p90: float
    max: int

    @classmethod
    def of(cls, lengths: np.ndarray) -> Lengths:
        """Summarise ``[U]`` lengths.

        Examples
        --------
        >>> Lengths.of(np.array([1, 2, 6])).mean
        3.0
        """
        return cls(
            min=int(lengths.min()),
            median=float(np.median(lengths)),
            mean=float(lengths.mean()),
            p90=float(np.quantile(lengths, 0.9)),
            max=int(lengths.max()),
        )


class TimeReport(Config):
    """How times were read.

    Attributes
    ----------
    reading
        In words: the kind, the unit, the zone.
    calendar
        Whether they are dates; if not, they are seconds from the log's own zero.
    first, last
        The span: ISO times in UTC, or seconds.
    """

    reading: str
    calendar: bool
    first: str
    last: str


class TableReport(Config):
    """What a table of items or users brought.

    Attributes
    ----------
    rows
        Rows that could be used.
    without_events
        Rows whose id has no event; they are left out.
    without_row
        Ids of the log that have no row; their columns are null.
    columns
        Names of the columns.
    """

    rows: int
    without_events: int
    without_row: int
    columns: tuple[str, ...]


class DataReport(Config):
    """Everything that preparing a log counted.

    Attributes
    ----------
    source
        The file or table of events.
    columns
        Our name of each column that was read, and theirs.
    rows
        Rows of the source.
    events, users, items
        What is left and can be used.
    anonymous, bad, duplicates, repeats
        Events dropped: without a user; with a problem; exact duplicates of another; repeats, if asked.
    ties
        Events at the same time as the event before them of the same user; they keep the order of rows.
    time
        How times were read, and their span.
    density
        Events per user and item: 1 if every user had every item once.
    lengths
        Events per user.
    rare_items
        Share of the items with fewer than 5 events.
    item_table, user_table
        What the tables brought, None if there was none.
    problems
        Rows that could not be used, by kind.
    warnings
        What to look at before trusting the result.
    """

    source: str
    columns: dict[str, str]
    rows: int
    events: int
    users: int
    items: int
    anonymous: int
    bad: int
    duplicates: int
    repeats: int
    ties: int
    time: TimeReport
    density: float
    lengths: Lengths
    rare_items: float
    item_table: TableReport | None = None
    user_table: TableReport | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def time_report(reading: TimeReading, *, first: int, last: int) -> TimeReport:
    """Say how times were read and what they span (`first`, `last` in microseconds)."""
    return TimeReport(
        reading=reading.describe(),
        calendar=reading.calendar,
        first=_show_time(first, calendar=reading.calendar),
        last=_show_time(last, calendar=reading.calendar),
    )


def table_report(attributes: Attributes) -> TableReport | None:
    """Say what a table brought; None if there was no table."""
    if attributes.given == 0:
        return None
    return TableReport(
        rows=attributes.given,
        without_events=attributes.without_events,
        without_row=attributes.without_row,
        columns=tuple(attributes.table.columns),
    )


def warn(report: DataReport, *, dates_of_1970: bool) -> DataReport:
    """Return the report with warnings about what is legal but seldom meant."""
    dropped: Mapping[str, int] = {
        "events without a user were dropped": report.anonymous,
        "rows with problems were dropped": report.bad,
        "exact duplicates were dropped": report.duplicates,
        "repeated events were dropped": report.repeats,
    }
    warnings = [f"{count:,} of {report.rows:,} {what}" for what, count in dropped.items() if count]
    if not report.time.calendar:
        warnings.append("times are too small for dates; taken as seconds from the log's own zero")
    elif dates_of_1970:
        warnings.append("all times lie in January 1970: were they converted with the wrong unit?")
    for kind, table in (("items", report.item_table), ("users", report.user_table)):
        if table is not None and table.rows == table.without_events:
            warnings.append(f"no id of the table of {kind} occurs in the events: is it the right table?")
    if report.ties > report.events / 2:
        warnings.append(
            "most events share their time with another of the same user: their order is that of the rows"
        )
    return report.changed(warnings=(*report.warnings, *warnings))


def _show_time(micros: int, *, calendar: bool) -> str:
    if not calendar:
        return f"{micros / 1e6:g} s"
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micros)
    return moment.isoformat().replace("+00:00", "Z")
