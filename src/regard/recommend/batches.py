"""Which users share a batch: those whose histories have one length, where these are enough.

In a batch of one length padding is a view and nothing is computed for it; a batch of few events leaves the
processor waiting between operations; one of very many leaves its cache. It knows lengths only.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["batches_of"]

_ENOUGH = 1_024  # events of one length that are worth a batch of their own


def batches_of(lengths_U: np.ndarray, *, most_events: int, most_users: int) -> Iterator[np.ndarray]:
    """Yield the rows of each batch; every row once, none of more than `most_users` rows.

    Parameters
    ----------
    lengths_U
        ``[U]`` number of events of each user.
    most_events
        Events of a batch, padding included; a single longer history is a batch by itself.
    most_users
        Users of a batch.

    Examples
    --------
    >>> lengths = np.array([3, 1, 3, 2])
    >>> [batch.tolist() for batch in batches_of(lengths, most_events=6, most_users=9)]
    [[1, 3], [0, 2]]
    """
    if len(lengths_U) == 1:  # a request for one history is served sooner
        yield np.zeros(1, dtype=np.int64)
        return
    order = np.argsort(lengths_U, kind="stable")
    sorted_U = lengths_U[order]
    lengths, first = np.unique(sorted_U, return_index=True)
    stops = np.append(first[1:], len(order))
    large = (stops - first) * lengths >= _ENOUGH
    begin = 0
    for place in range(len(lengths)):
        at_end = place + 1 == len(lengths)
        # A run of small groups ends where a large one begins or has just been.
        if at_end or large[place] or large[place + 1]:
            yield from _pieces(order, sorted_U, begin, int(stops[place]), most_events, most_users)
            begin = int(stops[place])


def _pieces(
    order: np.ndarray, sorted_U: np.ndarray, begin: int, stop: int, most_events: int, most_users: int
) -> Iterator[np.ndarray]:
    while begin < stop:
        # The longest of a piece is its last: shrink until the padded piece fits.
        end = min(stop, begin + most_users)
        while end - begin > 1 and (end - begin) * int(sorted_U[end - 1]) > most_events:
            end = begin + max(1, min(end - begin - 1, most_events // max(1, int(sorted_U[end - 1]))))
        yield order[begin:end]
        begin = end
