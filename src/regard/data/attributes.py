"""Tables of items and users: one row per id, brought into the order of a vocabulary.

All columns are kept. Rows whose id has no event are counted and left out; ids without a row get
nulls. What the columns mean is not known here, except that ``title`` is what to show for an item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from regard.data.checks import Problem, ProblemLog
from regard.data.ids import clean_ids, integers_of
from regard.data.schema import Columns, describe_missing
from regard.data.tables import Table
from regard.data.vocab import Vocab
from regard.errors import DataError, SchemaError

__all__ = ["Attributes", "align"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """A table in the order of a vocabulary.

    Parameters
    ----------
    table
        ``[V]`` rows, the id first.
    given
        Rows that the caller's table has; 0 if there is none.
    without_events, without_row
        Rows that no event speaks of; ids of the log that have no row.
    problems
        Rows that were dropped.
    """

    table: pl.DataFrame
    given: int = 0
    without_events: int = 0
    without_row: int = 0
    problems: tuple[Problem, ...] = ()


def align(
    table: Table | None,
    vocab: Vocab,
    *,
    columns: Columns,
    ours: Literal["item_id", "user_id"],
    on_bad: Literal["error", "drop"],
) -> Attributes:
    """Return the rows of `table` in the order of `vocab`; without a table, only the ids.

    Raises
    ------
    SchemaError
        If the column of ids, or the title that was asked for, is not there.
    DataError
        If an id is null or has two rows, unless `on_bad` is ``"drop"``, which keeps the first.
    """
    ids = vocab.ids.rename(ours).to_frame()
    if table is None:
        return Attributes(table=ids, without_row=len(vocab))
    theirs = columns.find_id(ours, table.columns, source=table.name)
    rows = _named(table.read(), table, columns=columns, ours=ours, theirs=theirs)
    key = clean_ids(rows[ours], where=f"{table.name}: column {theirs!r}")
    problems = ProblemLog(table.name)
    problems.mark(f"null {ours}", column=theirs, rows=key.is_null().to_numpy(), values=rows[ours])
    again = (key.is_not_null() & ~key.is_first_distinct()).to_numpy()
    if on_bad == "error":
        problems.refuse()
        _refuse_second_row(key, again, source=table.name, column=theirs)
    problems.mark(f"second row of one {ours}", column=theirs, rows=again, values=key)
    keep = key.is_not_null() & pl.Series(~again)
    rows = rows.with_columns(_as_type(key, vocab.ids.dtype).rename(ours)).filter(keep)
    number = vocab.encode(rows[ours])
    placed = rows.filter(number >= 0)
    aligned = ids.join(placed.drop_nulls(ours), on=ours, how="left", maintain_order="left")
    return Attributes(
        table=aligned,
        given=rows.height,
        without_events=int(np.count_nonzero(number < 0)),
        without_row=len(vocab) - placed.height,
        problems=problems.problems(),
    )


def _named(rows: pl.DataFrame, table: Table, *, columns: Columns, ours: str, theirs: str) -> pl.DataFrame:
    """Return the rows under our names, the id first; text becomes numbers where all of it is numbers."""
    if table.from_text:
        rows = rows.with_columns(_typed(rows[name]) for name in rows.columns if name != theirs)
    names = {theirs: ours}
    if ours == "item_id" and columns.title is not None and columns.title != "title":
        if columns.title not in rows.columns:
            raise SchemaError(describe_missing("title", columns.title, rows.columns, source=table.name))
        if "title" in rows.columns:
            raise SchemaError(f"{table.name}: has both {columns.title!r} and 'title'; drop one of the two")
        names[columns.title] = "title"
    rows = rows.rename(names)
    return rows.select(ours, pl.exclude(ours))


def _typed(text: pl.Series) -> pl.Series:
    integers = integers_of(text)
    if integers.dtype != pl.String:
        return integers
    floats = text.cast(pl.Float64, strict=False)
    leading_zero = text.str.contains(r"^-?0\d").any()
    return text if leading_zero or floats.null_count() > text.null_count() else floats


def _as_type(ids: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Bring ids to the type of the vocabulary; those that cannot be become null."""
    if ids.dtype == dtype:
        return ids
    changed = ids.cast(dtype, strict=False)
    # "007" is not the id 7: only what is written the usual way may change its type.
    return changed.set((changed.cast(ids.dtype) != ids).fill_null(value=False), None)


def _refuse_second_row(ids: pl.Series, again: np.ndarray, *, source: str, column: str) -> None:
    if not again.any():
        return
    lines = []
    for row in np.flatnonzero(again)[:3].tolist():
        first = ids.index_of(ids[row])
        lines.append(f"  - id {ids[row]!r} in rows {first} and {row}")
    raise DataError(
        f"{source}: column {column!r} must have one row per id, but {int(again.sum())} rows repeat one "
        "(rows count from 0):\n" + "\n".join(lines) + '\nMend them, or keep the first row with on_bad="drop" '
        "(--drop-bad-rows)."
    )
