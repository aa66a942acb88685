"""Context: what the rules of a policy may know about items: attributes, times, vectors.

Attributes are read as text, so that a policy may say ``3`` or ``"3"``: a category is one value, a list (or
text with the separator that the fields name) a set of values; null, NaN and empty text are missing. Only the
items that a request is about are read, never the whole catalogue. It does not know scores.

Shape letters: V items of the catalogue, I items of a request, J values of all of them together, G distinct
values, D width of a vector.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from regard.data.dataset import Dataset
from regard.data.fields import Field
from regard.data.packing import NO_TIME
from regard.data.times import TimeScan
from regard.data.vocab import Vocab
from regard.errors import ConfigError

__all__ = ["Context", "Tags", "nearest", "read_tags"]

_BLOCK = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """The values of one attribute for I items.

    Parameters
    ----------
    names
        ``[G]`` the values, sorted.
    offset_I1
        ``[I + 1]``: item i has the values ``offset_I1[i]`` to ``offset_I1[i + 1]``; none at all is missing.
    code_J
        ``[J]`` places in `names`, ascending and without repetition in each item.
    """

    names: tuple[str, ...]
    offset_I1: np.ndarray
    code_J: np.ndarray

    def of(self, row: int) -> list[str]:
        """Return the values of one item."""
        return [self.names[code] for code in self.code_J[self.offset_I1[row] : self.offset_I1[row + 1]]]

    def taken(self, rows: np.ndarray) -> Tags:
        """Return the values of some items, with only the names that occur among them."""
        start, length = self.offset_I1[rows], np.diff(self.offset_I1)[rows]
        offset = np.concatenate([[0], np.cumsum(length)])
        places = np.arange(offset[-1]) + np.repeat(start - offset[:-1], length)
        used, code = np.unique(self.code_J[places], return_inverse=True)
        return Tags(names=tuple(self.names[one] for one in used), offset_I1=offset, code_J=code)

    def table(self) -> np.ndarray:
        """Return ``[I, G]`` bool: which item has which value."""
        has = np.zeros((len(self.offset_I1) - 1, len(self.names)), dtype=np.bool_)
        has[np.repeat(np.arange(len(has)), np.diff(self.offset_I1)), self.code_J] = True
        return has


def read_tags(values: pl.Series, separator: str | None = None) -> Tags:
    """Read a column of categories, or of sets as lists or as text with a separator.

    Raises
    ------
    ConfigError
        If the type of the column can hold neither.

    Examples
    --------
    >>> tags = read_tags(pl.Series(["War|Drama", None, "Drama"]), separator="|")
    >>> tags.names, tags.of(0), tags.of(1)
    (('Drama', 'War'), ['Drama', 'War'], [])
    """
    named, items = values.name, len(values)
    if isinstance(values.dtype, pl.Array):
        values = values.arr.to_list()
    if separator is not None and values.dtype == pl.String:
        values = values.str.split(separator)
    frame = pl.DataFrame({"row": np.arange(items), "value": values})
    if isinstance(values.dtype, pl.List):
        frame = frame.explode("value", empty_as_null=False, keep_nulls=False)
    if frame["value"].dtype.is_nested() or frame["value"].dtype in (pl.Object, pl.Binary):
        raise ConfigError(f"column {named!r} is neither a category nor a set: it holds {values.dtype}")
    frame = frame.with_columns(_text(frame["value"]).alias("value")).filter(pl.col("value") != "")
    frame = frame.unique().sort("row", "value")
    names, code = np.unique(np.array(frame["value"].to_list(), dtype=np.str_), return_inverse=True)
    offset = np.searchsorted(frame["row"].to_numpy(), np.arange(items + 1))
    return Tags(names=tuple(names.tolist()), offset_I1=offset, code_J=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a policy may know about the V items of a catalogue.

    Parameters
    ----------
    items
        Vocabulary of the items.
    table
        ``[V]`` rows of attributes as the caller gave them, aligned with `items`.
    separators
        By column: what stands between the members of a set that is written as text.
    vectors_VD
        ``[V, D]`` vectors by which items are alike or not; None where there are none. A row of zeros is like
        nothing.
    times
        By column: ``[V]`` int64 microseconds since 1970, `NO_TIME` where missing.
    first_seen_V
        ``[V]`` int64 microseconds of the first event of each item, `NO_TIME` for items without events.
    now
        Microseconds at which lists are asked for, unless a request says otherwise; None if that is not known.

    Examples
    --------
    >>> context = Context(items=Vocab.of(["a", "b"]), table=pl.DataFrame({"brand": ["Dove", "Nivea"]}))
    >>> context.tags("brand", np.array([1])).names
    ('Nivea',)
    """

    items: Vocab
    table: pl.DataFrame
    separators: Mapping[str, str] = field(default_factory=dict)
    vectors_VD: np.ndarray | None = None
    times: Mapping[str, np.ndarray] = field(default_factory=dict)
    first_seen_V: np.ndarray | None = None
    now: int | None = None

    def __post_init__(self) -> None:
        assert len(self.table) == len(self.items)
        assert self.vectors_VD is None or len(self.vectors_VD) == len(self.items)

    @classmethod
    def of(
        cls, dataset: Dataset, *, vectors_VD: np.ndarray | None = None, fields: Sequence[Field] = ()
    ) -> Context:
        """Make it of a log and its table of items.

        Parameters
        ----------
        dataset
            The log; when an item was first seen, and when lists are asked for (after the last event), are
            read from its events.
        vectors_VD
            ``[V, D]`` item vectors, for instance a model's.
        fields
            The fields of the items: which columns are times, and the separators of sets. A column of dates is
            a time without being named.
        """
        table = dataset.item_table
        times = {
            name: kind for name in table.columns if (kind := table[name].dtype) in (pl.Date, pl.Datetime)
        }
        named = [*times, *(one.name for one in fields if one.kind == "time" and one.name in table.columns)]
        first = _first_seen(dataset)
        last = max(
            (
                int(block.of_events(block.time).max())
                for block in dataset.histories.blocks(_BLOCK)
                if block.num_events
            ),
            default=NO_TIME,
        )
        return cls(
            items=dataset.items,
            table=table,
            separators={one.name: one.separator for one in fields if one.separator is not None},
            vectors_VD=vectors_VD,
            times={name: _micros(table[name]) for name in dict.fromkeys(named)},
            first_seen_V=first,
            now=None if last == NO_TIME else last,
        )

    def need_column(self, name: str) -> None:
        """Refuse a column that the items do not have, naming the nearest."""
        if name not in self.table.columns:
            raise ConfigError(f"the items have no column {name!r}; {nearest(name, self.table.columns)}")

    def need_time(self, name: str | None) -> None:
        """Refuse a column that holds no times; None means the first event of an item."""
        if name is None and self.first_seen_V is None:
            raise ConfigError("it is not known when items were first seen; name a column of times")
        if name is not None:
            self.need_column(name)
            if name not in self.times:
                raise ConfigError(
                    f"the column {name!r} is not known to hold times; say so in the fields: "
                    f'{{"items": {{"{name}": "time"}}}}'
                )

    def need_vectors(self) -> None:
        """Refuse to compare items without vectors."""
        if self.vectors_VD is None:
            raise ConfigError('there are no item vectors; compare by an attribute instead: "over": "genres"')

    def tags(self, column: str, item_I: np.ndarray) -> Tags:
        """Return the values of an attribute for some items."""
        return read_tags(self.table[column].gather(item_I), self.separators.get(column))

    def time_of(self, column: str | None, item_I: np.ndarray) -> np.ndarray:
        """Return ``[I]`` microseconds of some items; None means the first event."""
        source = self.first_seen_V if column is None else self.times[column]
        assert source is not None
        times: np.ndarray = source[item_I]
        return times

    def title(self, item: int) -> str:
        """Return what a sentence calls an item: its title where there is one, else its id."""
        titles = self.table["title"] if "title" in self.table.columns else self.items.ids
        return str(self.items.ids[item] if titles[item] is None else titles[item])


def nearest(name: str, names: Sequence[str]) -> str:
    """Return a hint for a name that does not exist.

    Examples
    --------
    >>> nearest("brnad", ["brand", "price"])
    "did you mean 'brand'?"
    >>> nearest("x", ["brand", "price"])
    'there are: brand, price'
    """
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"


def _text(values: pl.Series) -> pl.Series:
    """Return values as text, whole numbers without a point; empty where missing."""
    text = values.cast(pl.String)
    if values.dtype.is_float():
        whole = values.is_finite() & (values == values.round())
        text = (
            values.cast(pl.Int64, strict=False).cast(pl.String).zip_with(whole.fill_null(value=False), text)
        )
        text = text.set(values.is_nan().fill_null(value=False), "")
    return text.fill_null("").str.strip_chars()


def _micros(column: pl.Series) -> np.ndarray:
    scan = TimeScan()
    scan.add(column, where=f"column {column.name!r} of the items")
    read = scan.reading().read(column)
    bad = np.logical_or.reduce(list(read.marked.values()))
    return np.where(bad, NO_TIME, read.micros)


def _first_seen(dataset: Dataset) -> np.ndarray:
    never = np.iinfo(np.int64).max
    first = np.full(len(dataset.items), never)
    for block in dataset.histories.blocks(_BLOCK):
        np.minimum.at(first, block.of_events(block.item), block.of_events(block.time))
    return np.where(first == never, NO_TIME, first)
