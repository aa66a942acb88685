"""PublicImpressions: what a reader of a real impression log returns; helpers that name malformed lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from regard.data.impression_columns import ImpressionColumns
from regard.errors import DataError

__all__ = ["PublicImpressions", "read_fields", "read_lines", "refuse_lines"]

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicImpressions:
    """A public impression log as the tables that a user would bring.

    Parameters
    ----------
    name
        Its public name.
    shown
        One row for each item that was shown; ready for `regard.data.impression_table.read_impressions`.
    columns
        What its columns mean.
    items, users
        One row per id; None where the files say nothing.
    licence, homepage, origin
        What one may do with the data; where they are published; where these files came from.
    cuts
        Times (ISO, UTC) at which the publishers split the log, for `SplitSpec(at=...)`; empty if they did
        not, or not by time.
    """

    name: str
    shown: pl.DataFrame
    columns: ImpressionColumns
    items: pl.DataFrame | None
    users: pl.DataFrame | None
    licence: str
    homepage: str
    origin: str = ""
    cuts: tuple[str, ...] = ()

    def events(self) -> pl.DataFrame:
        """Return what was clicked (first label above 0) as a log: ``user_id``, ``item_id``, ``timestamp``.

        Raises
        ------
        DataError
            If the log names no users, items or times, so that it has no histories.
        """
        ids = {name: getattr(self.columns, name) for name in ("user_id", "item_id", "timestamp")}
        absent = [name for name, column in ids.items() if column is None]
        if absent:
            raise DataError(f"{self.name}: has no {', '.join(absent)}, so that its clicks are no histories")
        label = next(iter(self.columns.labels.values()))
        named = pl.all_horizontal(pl.col(list(ids.values())).is_not_null())
        clicked = self.shown.filter((pl.col(label) > 0) & named)
        return clicked.select(pl.col(column).alias(name) for name, column in ids.items())


def read_lines(path: Path) -> pl.Series:
    """Return the lines of a text file, gzipped or not; an empty line is null.

    Raises
    ------
    DataError
        If the file cannot be read or is empty.
    """
    try:
        table = pl.read_csv(
            path,
            separator="\x01",
            has_header=False,
            quote_char=None,
            infer_schema=False,
            new_columns=["line"],
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from error
    return table["line"].str.strip_chars_end("\r")


def read_fields(
    lines: pl.Series, columns: Sequence[str], *, separator: str, path: Path, first_line: int = 1
) -> pl.DataFrame:
    """Cut lines into fields, all of them strings; an empty field is null.

    Parameters
    ----------
    lines
        As `read_lines` returns them.
    columns
        Names of the fields.
    separator
        One character between fields.
    path, first_line
        For messages: the file, and the number of the first of these lines in it, from 1.

    Raises
    ------
    DataError
        If a line has another number of fields, naming the lines.
    """
    count = lines.str.count_matches(separator, literal=True).fill_null(0) + 1
    wrong = (count != len(columns)) | lines.is_null()
    what = f"do not have {len(columns)} fields ({columns[0]} to {columns[-1]})"
    refuse_lines(lines, wrong, what=what, path=path, first_line=first_line)
    fields = pl.col("line").str.split_exact(separator, len(columns) - 1).struct.rename_fields(list(columns))
    table = lines.rename("line").to_frame().select(fields.alias("fields")).unnest("fields")
    return table.with_columns(pl.when(pl.all() != "").then(pl.all()))


def refuse_lines(values: pl.Series, wrong: pl.Series, *, what: str, path: Path, first_line: int = 1) -> None:
    """Raise if any line is wrong.

    Raises
    ------
    DataError
        Naming the file, the first lines with what they hold, and how many there are.

    Examples
    --------
    >>> values, wrong = pl.Series(["1", "x"]), pl.Series([False, True])
    >>> refuse_lines(values, wrong, what="hold no number", path=Path("a.txt"))
    Traceback (most recent call last):
    ...
    regard.errors.DataError: a.txt: 1 line that cannot be used; they hold no number: line 2: 'x'; mend ...
    """
    rows = wrong.arg_true().to_list()
    if not rows:
        return
    shown = ", ".join(f"line {first_line + row}: {_short(values[row])}" for row in rows[:_SHOWN])
    more = f", and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    lines = "1 line" if len(rows) == 1 else f"{len(rows)} lines"
    raise DataError(f"{path}: {lines} that cannot be used; they {what}: {shown}{more}; mend or remove them")


def _short(value: object) -> str:
    text = repr(value) if value is not None else "empty"
    return text if len(text) <= 80 else text[:77] + "..."
