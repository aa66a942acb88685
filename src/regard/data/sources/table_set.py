"""PublicData: what a reader of a public data set returns, and small helpers that readers share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from regard.errors import DataError

__all__ = ["PublicData", "need", "split_lines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicData:
    """A public data set as tables with Regard's names of columns.

    Parameters
    ----------
    name
        Its public name.
    events
        ``user_id``, ``item_id``, ``timestamp`` and what else the files say of an event.
    items, users
        One row per id; items have a ``title``. None where the files say nothing.
    licence
        What one may do with the data, to be shown.
    homepage
        Where the data are published.
    origin
        Where these files came from.
    """

    name: str
    events: pl.DataFrame
    items: pl.DataFrame | None
    users: pl.DataFrame | None
    licence: str
    homepage: str
    origin: str = ""

    def write(self, folder: Path) -> None:
        """Write the tables as Parquet, and the licence, to `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        for kind, table in (("events", self.events), ("items", self.items), ("users", self.users)):
            if table is not None:
                table.write_parquet(folder / f"{kind}.parquet")
        text = f"{self.name}\n{self.homepage}\n\n{self.licence}\n"
        (folder / "LICENCE.txt").write_text(text, encoding="utf-8")


def need(folder: Path, *names: str, name: str, homepage: str) -> Path:
    """Return the first of the files `names` that is in `folder`.

    Raises
    ------
    DataError
        If none of them is, saying where to get them.
    """
    for file in names:
        if (folder / file).is_file():
            return folder / file
    raise DataError(f"{name}: {folder} holds no {' or '.join(names)}; get the files from {homepage}")


def split_lines(path: Path, columns: list[str], *, separator: str, encoding: str = "utf-8") -> pl.DataFrame:
    """Read lines of text whose fields are separated by a string of any length; all columns are strings."""
    text = path.read_text(encoding=encoding)
    lines = pl.DataFrame({"line": [line for line in text.splitlines() if line]})
    fields = pl.col("line").str.split_exact(separator, len(columns) - 1).struct.rename_fields(columns)
    return lines.select(fields.alias("fields")).unnest("fields")
