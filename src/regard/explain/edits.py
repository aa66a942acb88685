"""Edits: histories of which some events are left out, made from one history in one go.

No older event takes the place of one that is left out; the others keep their times and fields, and the
question is asked at the same time. It knows no model.

Shape letters: U edited histories, E events of the history.
"""

from __future__ import annotations

import numpy as np

from regard.data.histories import Histories

__all__ = ["edited", "reordered"]


def edited(history: Histories, kept_UE: np.ndarray) -> Histories:
    """Return U copies of one history, each with some of its events only.

    Parameters
    ----------
    history
        Exactly one row.
    kept_UE
        ``[U, E]`` bool: which events each copy has.

    Examples
    --------
    >>> edits = edited(Histories.of([[3, 1, 2]]), np.array([[True, True, True], [True, False, True]]))
    >>> [edits.items_of(row).tolist() for row in range(2)]
    [[3, 1, 2], [3, 2]]
    """
    assert len(history) == 1
    events = history.events()
    assert kept_UE.dtype == np.bool_
    assert kept_UE.shape[1] == len(events)
    chosen = np.broadcast_to(events, kept_UE.shape)[kept_UE]
    lengths = kept_UE.sum(axis=1, dtype=np.int64)
    stop = np.cumsum(lengths)
    return Histories(
        start=stop - lengths,
        stop=stop,
        item=history.item[chosen],
        time=history.time[chosen],
        fields={name: column[chosen] for name, column in history.fields.items()},
        asked=None if history.asked is None else np.repeat(history.asked, len(lengths)),
        user=None if history.user is None else np.repeat(history.user, len(lengths)),
    )


def reordered(history: Histories, order_E: np.ndarray) -> Histories:
    """Return one history with its events in another order.

    Parameters
    ----------
    history
        Exactly one row.
    order_E
        ``[E]`` positions: the event at place n is the one that stood at ``order_E[n]``.

    Examples
    --------
    >>> reordered(Histories.of([[3, 1, 2]]), np.array([2, 0, 1])).items_of(0)
    array([2, 3, 1], dtype=int32)
    """
    assert len(history) == 1
    chosen = history.events()[order_E]
    return Histories(
        start=np.zeros(1, dtype=np.int64),
        stop=np.array([len(chosen)], dtype=np.int64),
        item=history.item[chosen],
        time=history.time[chosen],
        fields={name: column[chosen] for name, column in history.fields.items()},
        asked=history.asked,
        user=history.user,
    )
