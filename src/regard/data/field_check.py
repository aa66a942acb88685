"""FieldCheck: what ``regard data check`` shows of every column, and which columns cannot be used as they are.

Each coder is fitted on all rows of its column, so that what training would refuse is found here. It encodes
nothing through an encoder of text or images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from regard.config import Config
from regard.data.coding import fit_coders
from regard.data.facts import column_facts
from regard.data.fields import TABLES, Field, Fields, Kind
from regard.data.infer import infer_fields
from regard.data.schema import OPTIONAL, REQUIRED
from regard.data.tables import Table
from regard.errors import DataError

__all__ = ["ColumnCheck", "FieldCheck", "check_fields", "extra_columns"]

_ROWS = 200_000  # of a log that are looked at


class ColumnCheck(Config):
    """What is known of one column.

    Attributes
    ----------
    table
        ``"items"``, ``"users"`` or ``"events"``.
    name, kind, separator
        The field.
    why
        Why it has this kind.
    missing
        Share of the rows without a value.
    distinct
        Different values, or different members of sets; None where nobody compares.
    """

    table: str
    name: str
    kind: Kind
    separator: str | None = None
    why: str
    missing: float
    distinct: int | None = None


class FieldCheck(Config):
    """What is known of all columns.

    Attributes
    ----------
    columns
        Table by table, in their order.
    errors
        One message for each column that training would refuse.
    """

    columns: tuple[ColumnCheck, ...] = ()
    errors: tuple[str, ...] = ()


def check_fields(tables: Mapping[str, tuple[str, pl.DataFrame]], said: Fields) -> FieldCheck:
    """Look at the columns of tables.

    Parameters
    ----------
    tables
        By ``"items"``, ``"users"``, ``"events"``: what messages call the table, and its rows.
    said
        Kinds that a person named.

    Raises
    ------
    SchemaError
        If the person named a column that is not there.

    Examples
    --------
    >>> items = pl.DataFrame({"item_id": [1, 2], "price": ["$3", "cheap"]})
    >>> check = check_fields({"items": ("shop.csv", items)}, Fields.parse({"items": {"price": "price"}}))
    >>> check.columns[0].kind, check.errors[0]
    ('price', "shop.csv: column 'price', row 1 (item_id 2): 'cheap' is no price; ...")
    """
    frames = {name: frame for name, (_, frame) in tables.items()}
    fields = infer_fields(
        items=frames.get("items"), users=frames.get("users"), events=frames.get("events"), said=said
    )
    columns: list[ColumnCheck] = []
    errors: list[str] = []
    for table in TABLES:
        if table in tables:
            source, frame = tables[table]
            known: Sequence[Field] = getattr(fields, table)
            columns += [_column(table, field, frame[field.name]) for field in known]
            errors += _errors(known, frame, source=source)
    return FieldCheck(columns=tuple(columns), errors=tuple(errors))


def extra_columns(events: Table, found: Mapping[str, str]) -> pl.DataFrame:
    """Return the first rows of the columns of a log beyond those that Regard reads itself.

    Parameters
    ----------
    events
        The log.
    found
        Their name of each column that Regard reads, by ours.
    """
    own = {theirs for ours, theirs in found.items() if ours in REQUIRED + OPTIONAL}
    extra = [name for name in events.columns if name not in own]
    if not extra:
        return pl.DataFrame()
    return next(events.batches(extra, size=_ROWS), pl.DataFrame(schema=extra)).head(_ROWS)


def _column(table: str, field: Field, values: pl.Series) -> ColumnCheck:
    facts = column_facts(values)
    return ColumnCheck(
        table=table,
        name=field.name,
        kind=field.kind,
        separator=field.separator,
        why=field.reason or "as was said",
        missing=facts.missing / max(facts.rows, 1),
        distinct=facts.distinct,
    )


def _errors(fields: Sequence[Field], table: pl.DataFrame, *, source: str) -> Iterator[str]:
    for field in fields:
        try:
            fit_coders(table, [field], used_R=np.ones(table.height, dtype=bool), source=source)
        except DataError as error:
            yield str(error)
