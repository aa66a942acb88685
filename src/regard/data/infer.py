"""infer: guesses the kind of every column of a table of items or users, each with a reason in words.

The type of a column decides first, then what its values look like, then its name. A guess is only where a
person said nothing: `Fields.overruled`. Guesses for numbers and for text are in files of their own; what
cannot be read as the kind it is taken for is refused by the coder, with its row.
"""

from __future__ import annotations

import polars as pl

from regard.data.facts import ColumnFacts, column_facts
from regard.data.fields import Field, Fields
from regard.data.guess_numbers import guess_number
from regard.data.guess_text import guess_text
from regard.errors import SchemaError

__all__ = ["infer", "infer_fields"]

_PICTURES = ("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif or heic")
_FEWEST_FLOATS = 2  # a list of one float is no vector


def infer(table: pl.DataFrame, *, id_column: str | None, source: str) -> tuple[Field, ...]:
    """Guess the kind of every column but the id.

    Parameters
    ----------
    table
        The table, as it was read.
    id_column
        The column of ids, which is no field; None if there is none (events).
    source
        What messages call the table.

    Raises
    ------
    SchemaError
        If the column of ids is not there.

    Examples
    --------
    >>> columns = {"item_id": [1, 2, 3], "genres": ["a|b", "b", "a|c"], "price": ["$3", "$4", None]}
    >>> table = pl.DataFrame(columns)
    >>> for field in infer(table, id_column="item_id", source="items"):
    ...     print(field.name, field.kind, "-", field.reason)
    genres set - values that '|' separates
    price price - numbers with a currency
    """
    if id_column is not None and id_column not in table.columns:
        raise SchemaError(f"{source}: there is no column {id_column!r}; the columns are: {table.columns}")
    return tuple(_guess(column_facts(table[name])) for name in table.columns if name != id_column)


def infer_fields(
    *,
    items: pl.DataFrame | None = None,
    users: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    said: Fields | None = None,
) -> Fields:
    """Guess the fields of all tables, and let what a person said decide.

    Parameters
    ----------
    items, users
        Tables with ``item_id`` and ``user_id``; None if there are none.
    events
        The columns of the log beyond those that Regard knows.
    said
        Kinds that a person named.

    Raises
    ------
    SchemaError
        If the person named a column that is not there.
    """
    guessed = Fields(
        items=() if items is None else infer(items, id_column="item_id", source="the items"),
        users=() if users is None else infer(users, id_column="user_id", source="the users"),
        events=() if events is None else infer(events, id_column=None, source="the events"),
    )
    return guessed.overruled(said or Fields())


def _guess(facts: ColumnFacts) -> Field:
    dtype = facts.present.dtype

    def guess(kind: str, reason: str) -> Field:
        return Field.from_json({"name": facts.name, "kind": kind, "reason": reason})

    if facts.count == 0:
        return guess("ignore", "no row has a value")
    if dtype == pl.Object:
        return guess(
            "category", f"a mixture of Python values, which must be mended or left out: {_types(facts)}"
        )
    if dtype == pl.Binary:
        return guess(*_of_bytes(facts.sample))
    if isinstance(dtype, pl.List | pl.Array):
        return guess(*_of_lists(facts))
    if dtype.is_nested():
        return guess("ignore", "records within records: give their parts as columns")
    if facts.distinct == 1 and facts.missing == 0:
        return guess("ignore", "every row has the same value")
    if dtype == pl.Boolean:
        return guess("category", "true or false")
    if dtype in (pl.Date, pl.Datetime):
        return guess("time", "dates" if dtype == pl.Date else "dates and times")
    if dtype in (pl.Time, pl.Duration):
        return guess("ignore", f"values of type {dtype}: give them as numbers")
    if dtype.is_numeric():
        return guess_number(facts, facts.present)
    return guess_text(facts)


def _of_lists(facts: ColumnFacts) -> tuple[str, str]:
    dtype = facts.present.dtype
    assert isinstance(dtype, pl.List | pl.Array)
    inner = pl.Series(dtype=dtype.inner).dtype
    if inner.is_float() or (inner.is_numeric() and isinstance(dtype, pl.Array)):
        if isinstance(dtype, pl.Array):
            return "vector", f"vectors of {dtype.size} numbers"
        lengths = facts.present.list.len()
        if lengths.n_unique() == 1:
            return "vector", f"lists of {lengths[0]} numbers with decimals"
        return (
            "vector",
            f"lists of {lengths.to_numpy().min()} to {lengths.to_numpy().max()} numbers; vectors have all "
            "the same number",
        )
    if inner.is_nested() or inner in (pl.Binary, pl.Object):
        return "ignore", "lists of records: give lists of names"
    return "set", f"lists, with {facts.distinct or 0:,} different members"


def _of_bytes(sample: pl.Series) -> tuple[str, str]:
    heads = sample.bin.slice(0, 12).head(200).to_list()
    names = [_format(head) for head in heads]
    known = [name for name in names if name]
    if len(known) < len(names) / 2:
        return "ignore", "bytes that are no picture and no video"
    usual = max(set(known), key=known.count)
    return "image" if usual in _PICTURES else "video", "bytes of " + usual


def _format(head: bytes) -> str:
    """Name the format of a file by its first 12 bytes; empty if it is not known."""
    marks = {b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png", b"GIF8": "gif", b"BM": "bmp", b"II*\x00": "tiff",
             b"MM\x00*": "tiff", b"\x1aE\xdf\xa3": "webm or mkv", b"\x00\x00\x01\xba": "mpeg"}  # fmt: skip
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"AVI ": "avi"}.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return "avif or heic" if head[8:12] in (b"avif", b"heic", b"mif1", b"avis") else "mp4"
    return next((name for mark, name in marks.items() if head.startswith(mark)), "")


def _types(facts: ColumnFacts) -> str:
    return ", ".join(sorted({type(value).__name__ for value in facts.sample.to_list()}))
