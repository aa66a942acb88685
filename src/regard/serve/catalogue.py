"""Catalogue: a model from its folder, with what was said about items since it was trained.

New items are recommendable by their attributes (`Model.add_items`); hidden ones are no longer recommended,
though histories are still read through them. Files that an attribute might name are never read: the table of
a request has no folder. Each change is a new snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from regard.errors import ArtifactError, ConfigError, DataError, RegardError
from regard.model import Model
from regard.pipeline_keep import load_any
from regard.serve.engine import Ask, rankings
from regard.serve.events import Attribute, Id, ItemChanges
from regard.serve.snapshot import Snapshot, version_of

__all__ = ["Put", "Replayed", "open_snapshot", "warm", "with_item", "without_item"]

Rows = Mapping[Id, Mapping[str, Attribute]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """What became of an item that was put.

    Parameters
    ----------
    snapshot
        The model that knows it.
    new
        Whether it was not known.
    recommendable
        Whether the model reads any of its attributes, or has events of it.
    ignored
        Attributes that training did not have.
    """

    snapshot: Snapshot
    new: bool
    recommendable: bool
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A model with the changes of items that a log remembers.

    Parameters
    ----------
    snapshot
        Ready to serve.
    refused
        Number of items whose attributes the model cannot take; they are as if they had not been put.
    """

    snapshot: Snapshot
    refused: int


def open_snapshot(
    folder: str | Path, changes: ItemChanges, *, erased: Mapping[str, int], before: Snapshot | None = None
) -> Replayed:
    """Read a model folder, every byte checked, and apply what was said about items and erased users.

    Parameters
    ----------
    folder
        That `Model.save` wrote.
    changes
        What the log knows of items.
    erased
        What it knows of erased users (`EventLog.erased`).
    before
        The model that answers now: one whose ids are of another kind does not replace it.

    Raises
    ------
    ArtifactError
        If the folder is damaged or no model, or does not fit what answers now.
    """
    version = version_of(folder) if (Path(folder) / "manifest.json").is_file() else ""
    plain = Snapshot(model=load_any(folder), version=version, erased=erased)
    if before is not None and _kinds(plain.model) != _kinds(before.model):
        raise ArtifactError(
            f"{folder}: its ids are {' and '.join(map(str, _kinds(plain.model)))}, those of the model that "
            f"answers are {' and '.join(map(str, _kinds(before.model)))}: the log of events would not fit"
        )
    grown, refused = _replayed(plain, changes.put)
    hidden = frozenset(plain.item(item) for item in changes.deleted)
    snapshot = replace(grown, hidden=hidden)
    warm(snapshot)
    return Replayed(snapshot=snapshot, refused=refused)


def warm(snapshot: Snapshot) -> None:
    """Ask for a few lists, so that the first request finds everything made."""
    users = [snapshot.trained(row) for row in range(min(4, len(snapshot.model.dataset.users)))]
    nobody = snapshot.bare([], None)
    asks = [Ask(snapshot=snapshot, history=history) for history in (*users, nobody)]
    for batch in (asks, asks[:1]):
        rankings(batch)


def with_item(snapshot: Snapshot, item: Id, attributes: Mapping[str, Attribute]) -> Put:
    """Return a snapshot that knows an item by its attributes.

    Raises
    ------
    ConfigError
        If the model reads no attributes.
    DataError
        If a value does not have the type that training had.
    """
    if not snapshot.reads_attributes:
        raise ConfigError("this model reads no attributes of items, so a new item would mean nothing to it")
    known = snapshot.model.dataset.items
    own = snapshot.item(item)
    if not isinstance(own, str if known.ids.dtype == pl.String else int):
        raise DataError("the ids of the model's items are integers; give one")
    table = _table({own: attributes})
    _ensure_types(table, snapshot.model.dataset.item_table.schema)
    try:
        added = snapshot.model.add_items(table)
    except DataError as error:  # it quotes the value, which no answer may
        raise DataError("an attribute cannot be read as its column was read in training") from error
    grown = replace(snapshot, model=added.model, hidden=snapshot.hidden - {own})
    number = int(grown.numbers([own])[0])
    return Put(
        snapshot=grown,
        new=added.new > 0,
        recommendable=bool(added.model.recommender.known_V[number]),
        ignored=added.ignored,
    )


def without_item(snapshot: Snapshot, item: Id) -> Snapshot:
    """Return a snapshot that never recommends an item."""
    return replace(snapshot, hidden=snapshot.hidden | {snapshot.item(item)})


def _replayed(plain: Snapshot, put: Rows) -> tuple[Snapshot, int]:
    """Apply all items at once; where one of them does not fit, one by one."""
    if not put:
        return plain, 0
    if not plain.reads_attributes:
        return plain, len(put)
    own = {plain.item(item): attributes for item, attributes in put.items()}
    try:
        return replace(plain, model=plain.model.add_items(_table(own)).model), 0
    except RegardError:
        refused, grown = 0, plain
        for item, attributes in own.items():
            try:
                grown = with_item(grown, item, attributes).snapshot
            except RegardError:
                refused += 1
        return grown, refused


def _table(rows: Rows) -> pl.DataFrame:
    """Return a table of items; a column holds what every row says under its name.

    Raises
    ------
    DataError
        If rows say things of different types under one name.
    """
    names = list(dict.fromkeys(name for attributes in rows.values() for name in attributes))
    if "item_id" in names:
        raise DataError("item_id is no attribute")
    columns = {name: [_value(attributes.get(name)) for attributes in rows.values()] for name in names}
    try:
        return pl.DataFrame({"item_id": list(rows), **columns})
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
        raise DataError("an attribute has values of different types") from None


def _ensure_types(table: pl.DataFrame, trained: pl.Schema) -> None:
    """Refuse a value of another type, by its column and not by itself."""
    for column in table:
        kind = trained.get(column.name, column.dtype)
        if column.dtype != kind:
            try:
                column.cast(kind)
            except (pl.exceptions.PolarsError, TypeError):
                raise DataError(f"{column.name}: is {column.dtype}, in training it was {kind}") from None


def _value(said: Attribute) -> Attribute:
    return list(said) if isinstance(said, Sequence) and not isinstance(said, str) else said


def _kinds(model: Model) -> tuple[pl.DataType, pl.DataType]:
    return model.dataset.users.ids.dtype, model.dataset.items.ids.dtype
