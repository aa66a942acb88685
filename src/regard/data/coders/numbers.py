"""Numbers, prices and times: one float a row, with quantiles of the training rows as edges.

A price becomes ``sign(x) * log(1 + |x|)``, a time days since 1970; a number stays what it is. Nothing is
divided or clipped: the quantiles say where values lie, and an outlier moves none of them far. Written as
text, "n/a", "nan", "null", "-" and "?" are missing numbers.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import polars as pl
import pydantic

from regard.config import Config
from regard.data.coders.base import Coded, Place, is_no_value
from regard.data.coders.dates import DateReading
from regard.data.coders.prices import read_prices, uses_comma
from regard.data.columns import Numbers

__all__ = ["EDGES", "NumberCoder"]

EDGES: Final = 32
_TEXT = (pl.String, pl.Categorical, pl.Enum)


class NumberCoder(Config):
    """Turns values into numbers.

    Attributes
    ----------
    kind
        How values are read and what is made of them.
    edges
        At least two different quantiles of the training rows, ascending; 32 at most.
    comma
        Whether prices that are text write decimals with a comma.
    reading
        How times are read.

    Examples
    --------
    >>> price, place = pl.Series(["$0", "$9.50", None]), Place(source="items", column="price")
    >>> coder = NumberCoder.fit(price, kind="price", used_R=np.ones(3, dtype=bool), place=place)
    >>> coded = coder.encode(price, place=place)
    >>> coded.column.value_R.tolist(), coded.missing
    ([0.0, 2.35137534..., nan], 1)
    """

    kind: Literal["number", "price", "time"]
    edges: tuple[float, ...] = pydantic.Field(min_length=2)
    comma: bool = False
    reading: DateReading | None = None

    @classmethod
    def fit(
        cls,
        values: pl.Series,
        *,
        kind: Literal["number", "price", "time"],
        used_R: np.ndarray,
        place: Place,
    ) -> NumberCoder:
        """Learn the quantiles of the training rows (`used_R`, ``[R]`` bool).

        Raises
        ------
        DataError
            If a value, of a training row or not, cannot be read.
        """
        comma = kind == "price" and values.dtype in _TEXT and uses_comma(values.cast(pl.String))
        reading = DateReading.of(values, place=place) if kind == "time" else None
        unfitted = cls(kind=kind, edges=(0.0, 1.0), comma=comma, reading=reading)
        return unfitted.changed(edges=_edges(unfitted.read(values, place=place)[used_R]))

    def encode(self, values: pl.Series, *, place: Place) -> Coded:
        """Return `Numbers`."""
        value = self.read(values, place=place)
        column = Numbers(value_R=value, edge_B1=np.array(self.edges, dtype=np.float32))
        return Coded(column=column, missing=int(np.count_nonzero(np.isnan(value))))

    def read(self, values: pl.Series, *, place: Place) -> np.ndarray:
        """Return ``[R]`` float32, NaN where missing.

        Raises
        ------
        DataError
            If a value cannot be read or is infinite, naming row and value.
        """
        if self.reading is not None:
            value = self.reading.days(values, place=place)
        else:
            value = _numbers(values, kind=self.kind, comma=self.comma, place=place)
        infinite = value.is_infinite().fill_null(value=False)
        place.refuse(infinite, "the number is infinite", advice="mend it, or leave it empty")
        number = value.cast(pl.Float64).fill_null(np.nan).to_numpy()
        if self.kind == "price":
            number = np.sign(number) * np.log1p(np.abs(number))
        return number.astype(np.float32)


def _numbers(values: pl.Series, *, kind: str, comma: bool, place: Place) -> pl.Series:
    """Return Float64, null where missing."""
    place.refuse_mixed(values)
    if values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null):
        return values.cast(pl.Float64).fill_nan(None)
    if values.dtype not in _TEXT:
        place.refuse_type(values, kind, advice="say another kind for this column")
    text = values.cast(pl.String)
    place.refuse_long(text)
    text = text.str.strip_chars()
    text = text.set(is_no_value(text), None)
    number = text.cast(pl.Float64, strict=False)
    if kind == "price" and number.null_count() > text.null_count():
        number = read_prices(text, comma=comma)
    place.refuse_value(
        number.is_null() & text.is_not_null(),
        text,
        f"is no {kind}",
        advice=f"mend it, leave it empty, or say {place.column}=category",
    )
    return number.fill_nan(None)


def _edges(used: np.ndarray) -> tuple[float, ...]:
    """Return up to 32 different quantiles of ``[n]`` float32 values, NaN left out; always at least two."""
    value = used[~np.isnan(used)]
    if len(value) == 0:
        return (0.0, 1.0)
    edge = np.unique(np.quantile(value.astype(np.float64), np.linspace(0, 1, EDGES)).astype(np.float32))
    if len(edge) == 1:
        # One value: a piece that begins there, wide enough to be a piece in float32
        edge = np.array([edge[0], edge[0] + max(1.0, abs(edge[0]) * 1e-3)], dtype=np.float32)
    return tuple(float(number) for number in edge)
