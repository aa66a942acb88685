"""Tables: Parquet, CSV, pandas, Polars or Arrow in; batches of rows in the order of the source out.

Values are only opened here, not judged. From text (CSV, TSV, gzipped or not) every column arrives as
strings: what is a number and what is a time is decided over the whole column (`regard.data.ids`,
`regard.data.times`), so that "007" stays what it is. Row numbers count from 0, the header left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl

from regard.data.coders.base import Place
from regard.errors import DataError, MissingExtraError, SchemaError

__all__ = ["Source", "Table", "open_table"]

# A path (file or folder of Parquet files), a Polars, pandas or Arrow table, or a mapping of columns.
Source: TypeAlias = Any

_TEXT = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that can be read more than once, batch by batch.

    Parameters
    ----------
    name
        What messages call it: the path, or the kind of frame.
    rows
        The rows, not yet read.
    schema
        Names and types of the columns.
    from_text
        Whether the columns are strings because the file is text.
    """

    name: str
    rows: pl.LazyFrame
    schema: pl.Schema
    from_text: bool = False

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.schema)

    def batches(self, columns: Sequence[str], *, size: int) -> Iterator[pl.DataFrame]:
        """Yield `columns` in batches of about `size` rows, in the order of the source.

        Raises
        ------
        DataError
            If the source cannot be read to its end.
        """
        try:
            yield from self.rows.select(list(dict.fromkeys(columns))).collect_batches(
                chunk_size=size, maintain_order=True
            )
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DataError(f"{self.name}: cannot be read: {_first_line(error)}") from error

    def read(self) -> pl.DataFrame:
        """Return the whole table.

        Raises
        ------
        DataError
            If the source cannot be read to its end.
        """
        try:
            return self.rows.collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DataError(f"{self.name}: cannot be read: {_first_line(error)}") from error


def open_table(source: Source, *, kind: str = "events") -> Table:
    """Open a table for reading.

    Parameters
    ----------
    source
        A path of a Parquet, CSV or TSV file (gzipped text too) or of a folder of Parquet files; a
        Polars DataFrame or LazyFrame; a pandas DataFrame; an Arrow table; a mapping of columns.
    kind
        What it holds, for messages: ``"events"``, ``"items"``, ``"users"``.

    Raises
    ------
    DataError
        If there is no such file, or if it cannot be read.
    SchemaError
        If the file or the object is of no kind that Regard reads.

    Examples
    --------
    >>> open_table({"user_id": [1, 2], "item_id": ["a", "b"]}).columns
    ['user_id', 'item_id']
    """
    if isinstance(source, str | Path):
        return _open_path(Path(source).expanduser())
    name = f"the {kind}"
    if isinstance(source, pl.LazyFrame):
        return _table(name, source)
    return _table(name, _frame(source, name).lazy())


def _open_path(path: Path) -> Table:
    if path.is_dir():
        files = sorted(file for end in _PARQUET for file in path.rglob(f"*{end}"))
        if not files:
            raise DataError(f"{path}: the folder holds no .parquet file")
        return _table(str(path), pl.scan_parquet(files))
    if not path.is_file():
        raise DataError(f"{path}: there is no such file{_nearby(path)}")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty (0 bytes)")
    endings = [ending.lower() for ending in path.suffixes]
    if endings and endings[-1] in _PARQUET:
        return _table(str(path), pl.scan_parquet(path))
    ending = next((end for end in reversed(endings) if end in _TEXT), None)
    if ending is None or endings[-1] not in {ending, ".gz", ".zst"}:
        raise SchemaError(
            f"{path}: not a kind of file that Regard reads; use .parquet, .csv, .csv.gz or .tsv"
        )
    rows = pl.scan_csv(path, separator=_separator(path, _TEXT[ending]), infer_schema=False)
    return _table(str(path), rows, from_text=True)


def _separator(path: Path, usual: str) -> str:
    """Return what separates the columns: the usual character, or another that the header shows."""
    import gzip

    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rb") as file:
            header = file.readline(1 << 16)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {_first_line(error)}") from error
    if usual.encode() in header:
        return usual
    others = [mark for mark in (",", ";", "\t", "|") if mark.encode() in header]
    return others[0] if others else usual


def _table(name: str, rows: pl.LazyFrame, *, from_text: bool = False) -> Table:
    try:
        schema = rows.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{name}: cannot be read: {_first_line(error)}") from error
    return Table(name=name, rows=rows, schema=schema, from_text=from_text)


def _frame(source: Source, name: str) -> pl.DataFrame:
    if isinstance(source, pl.DataFrame):
        return source
    module = type(source).__module__.partition(".")[0]
    if module == "pandas":
        return _from_pandas(source, name)
    if isinstance(source, dict) or hasattr(source, "__arrow_c_stream__"):
        try:
            return pl.DataFrame(source)
        except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
            if isinstance(source, dict):
                _refuse_mixed(source, name)
            raise SchemaError(f"{name}: cannot be read: {_first_line(error)}") from error
    raise SchemaError(
        f"{name}: cannot read {type(source).__name__}; give a path, a Polars, pandas or Arrow table"
    )


def _from_pandas(source: Source, name: str) -> pl.DataFrame:
    try:
        # NaN stays NaN: in a column of ids it is a missing value, in a column of weights an error.
        return pl.from_pandas(source, nan_to_null=False)
    except ImportError as error:
        raise MissingExtraError("pyarrow", "pandas") from error
    except Exception as error:  # pyarrow has its own exceptions, which cannot be named without it
        _refuse_mixed({str(column): source[column].tolist() for column in source.columns}, name)
        raise SchemaError(
            f"{name}: a column of the pandas table mixes kinds of values: {_first_line(error)}"
        ) from error


def _refuse_mixed(columns: Mapping[str, Any], name: str) -> None:
    """Name the first column, row and value that do not fit the others, if that is what is wrong."""
    for column, values in columns.items():
        if isinstance(values, list | tuple):
            # NaN is how pandas writes that a value is missing, whatever the column holds.
            given = [None if isinstance(value, float) and math.isnan(value) else value for value in values]
            kinds = {type(value) for value in given if value is not None}
            if len(kinds) > 1 and kinds & {str, bytes, list, dict}:
                place = Place(source=name, column=column)
                place.refuse_mixed(pl.Series(column, given, dtype=pl.Object))


def _nearby(path: Path) -> str:
    import difflib

    folder = path.parent
    if not folder.is_dir():
        return f"; the folder {folder} does not exist either"
    near = difflib.get_close_matches(path.name, [file.name for file in folder.iterdir()], n=1)
    return f"; did you mean {folder / near[0]}?" if near else ""


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
