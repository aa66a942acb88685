"""Further columns of a log, read on demand: quantity, price paid, device, what an event has beside its item.

None is read unless it is asked for by name, so that memory does not grow unasked: four bytes an event each.
Numbers, prices and times become float32, NaN where missing (a price its sign and logarithm, a time days since
1970, as in `regard.data.coders`); categories become codes of a vocabulary that is kept, -1 where missing.
Null, NaN, "" and the usual words for "no value" are missing; any other value that cannot be read is a problem
of its row. How a column was read is kept with the data set, so that one event that comes later is read alike.
How often a column is read is known in `regard.data.passes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

import numpy as np
import polars as pl

from regard.data.coders.base import is_no_value
from regard.data.coders.prices import read_prices, uses_comma
from regard.data.infer import infer
from regard.data.schema import EventKind
from regard.data.tables import Table
from regard.data.times import MICROSECONDS, TimeReading, TimeScan
from regard.errors import SchemaError

__all__ = ["FieldReading", "FieldScan", "Said", "categories", "event_kinds"]

Said = str | int | float | bool | None  # a value as JSON has it

_TEXT = (pl.String, pl.Categorical, pl.Enum)
_LOOKED_AT = 65_536  # rows from which a kind is guessed
_DAY = 86_400 * MICROSECONDS


def event_kinds(table: Table, asked: Mapping[str, EventKind | None]) -> dict[str, EventKind]:
    """Return the kind of each column that is asked for, guessed from the first rows where it was not said.

    Raises
    ------
    SchemaError
        If a column looks like none of the kinds that an event can have.
    """
    open_names = [name for name, kind in asked.items() if kind is None]
    guessed: dict[str, EventKind] = {}
    if open_names:
        head = next(iter(table.batches(open_names, size=_LOOKED_AT)), pl.DataFrame())
        guessed = {
            field.name: _kind(head[field.name], field.kind, field.reason, source=table.name)
            for field in infer(head.head(_LOOKED_AT), id_column=None, source=table.name)
        }
    return {name: kind or guessed.get(name, "category") for name, kind in asked.items()}


def _kind(values: pl.Series, guess: str, reason: str, *, source: str) -> EventKind:
    for kind in get_args(EventKind):
        if guess == kind:
            return guess  # type: ignore[return-value]
    if guess == "ignore" and not values.dtype.is_nested():  # a constant or a key, and yet asked for
        return "number" if values.dtype.is_numeric() else "category"
    raise SchemaError(
        f"{source}: column {values.name!r} looks like {guess} ({reason}); an event has fields of the kinds "
        f"{', '.join(get_args(EventKind))}: say which, as in {values.name}=category"
    )


def categories(values: pl.Series) -> pl.Series:
    """Bring a batch of categories to integers or strings, null where missing."""
    if values.dtype.is_integer() or values.dtype in _TEXT:
        return values
    return (values.fill_nan(None) if values.dtype.is_float() else values).cast(pl.String)


class FieldScan:
    """Looks at all values of a column of numbers, prices or times, and decides how they are read.

    Examples
    --------
    >>> scan = FieldScan("price")
    >>> scan.add(pl.Series(["$0", None]), where="column 'paid'")
    >>> scan.reading().read(pl.Series(["$0", "free", "n/a"])).value.tolist()
    [0.0, nan, nan]
    """

    def __init__(self, kind: EventKind) -> None:
        self._kind: EventKind = kind
        self._times = TimeScan() if kind == "time" else None
        self._plain, self._comma = True, False

    def add(self, values: pl.Series, *, where: str) -> None:
        """Look at one batch.

        Raises
        ------
        SchemaError
            If the type of the column cannot hold such values.
        """
        if self._times is not None:
            self._times.add(_present(values), where=where)
        elif values.dtype in _TEXT:
            if self._kind == "price":
                text = _present(values)
                self._plain &= text.cast(pl.Float64, strict=False).null_count() == text.null_count()
                self._comma |= uses_comma(text)
        elif not (values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null)):
            raise SchemaError(f"{where}: a {self._kind} cannot be read from values of type {values.dtype}")

    def reading(self) -> FieldReading:
        """Return how the column is read."""
        times = None if self._times is None else self._times.reading()
        return FieldReading(kind=self._kind, times=times, plain=self._plain, comma=self._comma)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """One batch: ``[n]`` float32, NaN where missing or unreadable, and what was wrong, by kind of problem."""

    value: np.ndarray
    marked: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldReading:
    """How a column of numbers, prices or times is read, decided over the whole column.

    Parameters
    ----------
    kind
        What it holds.
    times
        How times are read.
    plain, comma
        Of prices that are text: whether all are plain numbers, and whether decimals follow a comma.
    """

    kind: EventKind
    times: TimeReading | None = None
    plain: bool = True
    comma: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` wants back."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> FieldReading:
        """Make it from what `to_json` returned."""
        times = document["times"]
        return cls(**{**document, "times": None if times is None else TimeReading(**times)})

    def read_said(self, said: Sequence[Said]) -> np.ndarray:
        """Return ``[n]`` float32 for values that came one by one: what the column would have held for them.

        A text is read as text and a number as a number, whatever the column mostly held. What cannot be
        read is missing, and so is a number for a time that was written as a date.

        Examples
        --------
        >>> FieldReading(kind="price", plain=False).read_said(["$0", 0, "soon", None]).tolist()
        [0.0, 0.0, nan, nan]
        """
        readings: dict[type[pl.DataType], FieldReading]
        if self.times is not None and self.times.kind != "number":
            readings = {pl.String: replace(self, times=replace(self.times, kind="iso"))}
        else:
            number = replace(self, plain=True)
            readings = {pl.String: self, pl.Int64: number, pl.Float64: number}
        value = np.full(len(said), np.nan, dtype=np.float32)
        for kind, reading in readings.items():
            place = [n for n, one in enumerate(said) if _type(one) == kind]
            if place:
                value[place] = reading.read(pl.Series([said[n] for n in place], dtype=kind)).value
        return value

    def read(self, values: pl.Series) -> _Read:
        """Convert a batch; what cannot be read is marked."""
        present = _present(values)
        if self.times is not None:
            read = self.times.read(present)
            missing = present.is_null().to_numpy()
            marked = {kind: rows & ~missing for kind, rows in read.marked.items()}
            bad = missing | np.logical_or.reduce(list(marked.values()))
            return _Read(value=np.where(bad, np.nan, read.micros / _DAY).astype(np.float32), marked=marked)
        if self.kind == "price" and not self.plain:
            number = read_prices(present, comma=self.comma)
        else:
            number = present.cast(pl.Float64, strict=False)
        unreadable = (number.is_null() & present.is_not_null()).to_numpy()
        exact = number.fill_null(np.nan).to_numpy()
        if self.kind == "price":
            exact = np.sign(exact) * np.log1p(np.abs(exact))
        with np.errstate(over="ignore"):
            value = exact.astype(np.float32)
        infinite = np.isinf(value)
        value[infinite] = np.nan
        return _Read(value=value, marked={f"no {self.kind}": unreadable, f"infinite {self.kind}": infinite})


def _type(said: Said) -> type[pl.DataType] | None:
    """Return the type of a column that one value, as JSON has it, stands in."""
    if isinstance(said, str):
        return pl.String
    if isinstance(said, int):  # truth values too
        return pl.Int64
    return None if said is None else pl.Float64


def _present(values: pl.Series) -> pl.Series:
    """Return the values with null where they are missing, text without blanks around it."""
    if values.dtype in _TEXT:
        text = values.cast(pl.String).str.strip_chars()
        return text.set((text == "") | is_no_value(text), None)
    return values.fill_nan(None) if values.dtype.is_float() else values
