"""A log as a Parquet file for the next training, and from one store to another.

The file has the columns that `regard.fit` reads: ``user_id``, ``item_id``, ``timestamp``, ``event_type``
where any event has one, and the further fields under their own names. The log is read twice, first for
what the columns hold, then by parts, so that memory does not grow with it; what is appended meanwhile is
left out.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from regard.errors import DataError, StoreCorrupt
from regard.serve.events import ItemChanges, Numbered, Scalar, StoredEvent
from regard.serve.log import EventLog

__all__ = ["Copied", "Exported", "copy", "export"]

_PART = 50_000  # events in memory at once
_BATCH = 500  # events in one append of a copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written.

    Parameters
    ----------
    events
        How many.
    columns
        Names of the columns.
    damage
        Where reading ended early, because what follows is damaged.
    """

    events: int
    columns: tuple[str, ...]
    damage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied: events, how many of them were there already, items, and where reading ended early."""

    events: int
    duplicates: int
    items: int
    damage: str | None = None


def export(log: EventLog, path: str | Path, *, since: int | None = None, rescue: bool = False) -> Exported:
    """Write the events of a log as one Parquet file, whole or not at all.

    Ids are integers where all of a column are, else texts. A field is a truth value, an integer, a number or
    a text, the narrowest that holds all its values.

    Parameters
    ----------
    path
        The file; an older one is replaced, missing folders are made.
    since
        Leave out what happened before: microseconds since 1970, UTC.
    rescue
        Write what is before the first damaged event, instead of refusing.

    Raises
    ------
    DataError
        If there are no such events.
    StoreCorrupt
        If the log is damaged, unless `rescue`.
    """
    target = Path(path).absolute()
    reading = _Reading(log=log, since=since, rescue=rescue)
    kinds = _Kinds()
    for part in reading.parts():
        kinds.see(part)
    if not kinds.events:
        raise DataError(
            "the log has no events" + ("" if since is None else " since then") + ": nothing to write"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.parent / f".{target.name}.{secrets.token_hex(8)}.partial"
    staged.mkdir()
    try:
        count = 0
        for number, part in enumerate(reading.parts()):
            kinds.table(part).write_parquet(staged / f"{number:09}.parquet")
            count += len(part)
        whole = staged / "whole"
        pl.scan_parquet(staged / "*.parquet").sink_parquet(whole)
        with whole.open("rb") as file:
            os.fsync(file.fileno())
        whole.replace(target)
    finally:
        shutil.rmtree(staged)
    return Exported(events=count, columns=tuple(kinds.schema()), damage=reading.damage)


def copy(source: EventLog, target: EventLog, *, rescue: bool = False) -> Copied:
    """Append the events of a log to another and say the same of items and erased users; may be called again.

    Raises
    ------
    StoreCorrupt
        If the source is damaged; with `rescue`, what is before the damage is copied.
    """
    reading = _Reading(log=source, rescue=rescue)
    events = duplicates = 0
    for part in reading.parts():
        for first in range(0, len(part), _BATCH):
            done = target.append(part[first : first + _BATCH])
            events, duplicates = events + done.stored + done.duplicates, duplicates + done.duplicates
    said, erased = ItemChanges(put={}, deleted=frozenset()), dict[str, int]()
    try:
        erased.update(source.erased())
        said = source.items()
    except StoreCorrupt as error:
        if not rescue:
            raise
        reading.damage = str(error)
    known = target.erased()
    target.mark_erased({mark: max(time, known.get(mark, time)) for mark, time in erased.items()})
    for item, attributes in said.put.items():
        target.put_item(item, attributes)
    for item in said.deleted:
        target.delete_item(item)
    count = len(said.put) + len(said.deleted)
    return Copied(events=events, duplicates=duplicates, items=count, damage=reading.damage)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """Reads a log by parts, as far as it went when the reading was first begun."""

    log: EventLog
    since: int | None = None
    rescue: bool = False
    damage: str | None = None
    last: int | None = None

    def parts(self) -> Iterator[list[StoredEvent]]:
        self.last = self.log.last() if self.last is None else self.last
        after = 0
        while found := self._next(after):
            after = found[-1].number
            events = [one.event for one in found if one.number <= self.last and self._is_wanted(one.event)]
            if events:
                yield events

    def _next(self, after: int) -> list[Numbered]:
        try:
            return self.log.read(after=after, limit=_PART)
        except StoreCorrupt as error:
            if not self.rescue:
                raise
            self.damage = str(error)
            return []

    def _is_wanted(self, event: StoredEvent) -> bool:
        return self.since is None or event.time >= self.since


@dataclass(slots=True)
class _Kinds:
    """What the columns hold: the Python types of their values."""

    events: int = 0
    users: set[type] = field(default_factory=set)
    items: set[type] = field(default_factory=set)
    typed: bool = False
    fields: dict[str, set[type]] = field(default_factory=dict)

    def see(self, events: list[StoredEvent]) -> None:
        self.events += len(events)
        for event in events:
            self.users.add(type(event.user_id))
            self.items.add(type(event.item_id))
            self.typed = self.typed or event.type is not None
            for name, value in event.fields.items():
                self.fields.setdefault(name, set()).add(type(value))

    def schema(self) -> dict[str, pl.DataType]:
        columns = {
            "user_id": _column(self.users),
            "item_id": _column(self.items),
            "timestamp": pl.Datetime("us", "UTC"),
        }
        if self.typed:
            columns["event_type"] = pl.String()
        return columns | {name: _column(kinds) for name, kinds in self.fields.items()}

    def table(self, events: list[StoredEvent]) -> pl.DataFrame:
        schema = self.schema()
        columns: dict[str, list[Scalar]] = {
            "user_id": [event.user_id for event in events],
            "item_id": [event.item_id for event in events],
            "timestamp": [event.time for event in events],
        }
        if self.typed:
            columns["event_type"] = [event.type for event in events]
        for name in self.fields:
            columns[name] = [event.fields.get(name) for event in events]
        return pl.DataFrame(
            [_series(name, values, schema[name]) for name, values in columns.items()], schema=schema
        )


def _column(kinds: set[type]) -> pl.DataType:
    """Return the narrowest type that holds values of these kinds; text holds all."""
    kinds = kinds - {type(None)}
    if kinds == {bool}:
        return pl.Boolean()
    if kinds == {int}:
        return pl.Int64()
    return pl.Float64() if kinds and kinds <= {int, float} else pl.String()


def _series(name: str, values: list[Scalar], dtype: pl.DataType) -> pl.Series:
    if dtype == pl.String:
        values = [value if value is None or isinstance(value, str) else _said(value) for value in values]
    elif dtype == pl.Float64:
        values = [None if value is None else float(value) for value in values]
    return pl.Series(name, values, dtype=dtype)


def _said(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
