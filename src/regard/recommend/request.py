"""What a caller may ask, made uniform: user ids or bare histories become `Request`, by numbers.

This is the only place that knows the forms in which people write histories (a list of lists, one list,
a dictionary) and times (datetimes, ISO strings, integers). It does not know how items are scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from regard.data.histories import Histories
from regard.data.packing import NO_TIME
from regard.data.times import TimeScan
from regard.data.vocab import UNKNOWN, Id, Vocab
from regard.errors import ConfigError, DataError, UnknownIdError

__all__ = [
    "HistoriesLike",
    "Ids",
    "Request",
    "asked_at",
    "mask_of",
    "request_of_histories",
    "request_of_users",
]

Ids = Id | Sequence[Id] | np.ndarray | pl.Series
HistoriesLike = Sequence[Any] | Mapping[Any, Sequence[Id]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Histories to recommend for.

    Parameters
    ----------
    ids
        ``[U]`` what the caller calls these users.
    histories
        ``[U]`` their events by item number, ids outside the catalogue left out.
    dropped_U
        ``[U]`` int64 how many items of each history lay outside the catalogue.
    """

    ids: pl.Series
    histories: Histories
    dropped_U: np.ndarray


def request_of_users(users: Ids, *, vocab: Vocab, histories: Histories) -> Request:
    """Look users up; a user that nothing is known of gets an empty history.

    Examples
    --------
    >>> known = Histories.of([[4, 2]])
    >>> request = request_of_users(["ann", "bob"], vocab=Vocab.of(["ann"]), histories=known)
    >>> request.histories.lengths.tolist()
    [2, 0]
    """
    ids = _series([users] if isinstance(users, str | int | np.integer) else users)
    rows = vocab.encode(ids)
    if len(histories) == 0:
        start = stop = np.zeros(len(ids), dtype=np.int64)
    else:
        start = np.where(rows == UNKNOWN, 0, histories.start[rows])
        stop = np.where(rows == UNKNOWN, 0, histories.stop[rows])
    return Request(
        ids=ids,
        histories=replace(histories, start=start, stop=stop, user=rows),
        dropped_U=np.zeros(len(ids), dtype=np.int64),
    )


def request_of_histories(histories: HistoriesLike, *, times: Any, items: Vocab) -> Request:
    """Encode histories that are written as item ids.

    Parameters
    ----------
    histories
        A list of lists of item ids (the users are then called 0, 1, 2 ...), one list of item ids (one
        user, called 0), or a dictionary from any id to a list. ``[]`` is no history at all, ``[[]]`` one
        history without events.
    times
        None, or for each item when it happened, in the same form as `histories`: datetimes, ISO strings,
        or integers since 1970 whose size tells the unit (s, ms, us, ns). Events are then put in the order
        of their times; equal times keep the order in which they are given.
    items
        The catalogue.

    Raises
    ------
    ConfigError
        If `histories` has none of these forms or `times` does not fit them.
    DataError
        If a time cannot be read.
    """
    lists = _lists(histories, "histories")
    moments = None if times is None else _lists(times, "times")
    if moments is not None and [len(row) for row in moments] != [len(row) for row in lists]:
        raise ConfigError("times must have one time for each item of histories, in the same form")
    lengths = np.array([len(row) for row in lists], dtype=np.int64)
    number = items.encode(_series([item for row in lists for item in row]))
    row = np.repeat(np.arange(len(lists)), lengths)
    if moments is None:
        time = np.full(len(number), NO_TIME)
    else:
        time = _microseconds([moment for times_of in moments for moment in times_of])
        order = np.lexsort((time, row))
        number, time = number[order], time[order]
    inside = number != UNKNOWN
    counts = np.bincount(row[inside], minlength=len(lists)).astype(np.int64)
    stop = np.cumsum(counts)
    ids = _series(list(histories)) if isinstance(histories, Mapping) else pl.Series(range(len(lists)))
    return Request(
        ids=ids.cast(pl.Int64) if len(ids) == 0 else ids,
        histories=Histories(
            start=stop - counts, stop=stop, item=number[inside], time=time[inside].astype(np.int64)
        ),
        dropped_U=lengths - counts,
    )


def asked_at(histories: Histories, at: Any) -> Histories:
    """Return the histories with the time at which they are asked for: a datetime, ISO string or integer.

    Examples
    --------
    >>> asked_at(Histories.of([[4], [2]]), "1970-01-02").asked.tolist()
    [86400000000, 86400000000]
    """
    return replace(histories, asked=np.repeat(_microseconds([at]), len(histories)))


def mask_of(ids: Ids | None, *, items: Vocab, known_V: np.ndarray, required: bool) -> np.ndarray | None:
    """Return ``[V]`` bool for a wish (`only`, `exclude`) that is written as item ids; None for no wish.

    Ids outside the catalogue are ignored.

    Raises
    ------
    UnknownIdError
        If the wish is `required` (as `only` is) and none of its items is one that could be recommended.
    """
    if ids is None:
        return None
    series = _series([ids] if isinstance(ids, str | int | np.integer) else ids)
    number = items.encode(series)
    mask = np.zeros(len(items), dtype=np.bool_)
    mask[number[number != UNKNOWN]] = True
    if required and not (mask & known_V).any():
        shown = ", ".join(repr(item) for item in series.head(3).to_list())
        raise UnknownIdError(
            f"only = [{shown}{', ...' if len(series) > 3 else ''}]: none of these {len(series)} items is "
            "known to the model; give at least one item of the training data"
        )
    return mask


def _lists(given: Any, name: str) -> list[list[Any]]:
    rows = list(given.values()) if isinstance(given, Mapping) else given
    if isinstance(rows, str) or not isinstance(rows, Sequence | np.ndarray | pl.Series):
        raise ConfigError(f"{name} must be a list of lists, one list or a dictionary of lists, not {given!r}")
    # Few kinds stand in a history of many items, and to ask what a kind is takes time.
    kinds = set(map(type, rows))
    nested = [
        issubclass(kind, Sequence | np.ndarray | pl.Series) and not issubclass(kind, str) for kind in kinds
    ]
    if all(nested):  # also if there are none
        return [list(row) for row in rows]
    if any(nested) or isinstance(given, Mapping):
        raise ConfigError(f"{name} mixes lists and single values; give one list for each user")
    return [list(rows)]


def _series(ids: Any) -> pl.Series:
    series = ids if isinstance(ids, pl.Series) else pl.Series(list(ids), strict=False)
    if series.dtype.is_nested() or series.dtype == pl.Object:
        raise ConfigError(f"ids must be strings or integers, not {series[0]!r}")
    return series


def _microseconds(times: list[Any]) -> np.ndarray:
    """Return ``[T]`` int64 microseconds since 1970 (UTC)."""
    if not times:
        return np.empty(0, dtype=np.int64)
    try:
        whole = isinstance(times[0], np.datetime64)
        series = pl.Series("times", np.array(times, dtype="datetime64[us]") if whole else times)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"times mix kinds of values ({error}); give datetimes, ISO strings or integers"
        ) from None
    scan = TimeScan()
    scan.add(series, where="times")
    read = scan.reading().read(series)
    for problem, marked in read.marked.items():
        if marked.any():
            place = int(marked.argmax())
            raise DataError(f"times: number {place} is {times[place]!r}: {problem}")
    return read.micros
