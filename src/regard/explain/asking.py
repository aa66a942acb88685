"""Asking: which item and which history an explanation is about, by the caller's ids."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from regard.data.histories import Histories
from regard.data.vocab import UNKNOWN, Id, Vocab
from regard.errors import ConfigError, UnknownIdError
from regard.recommend.recommender import Recommender
from regard.recommend.request import request_of_histories

__all__ = ["known_item", "one_history"]

SEARCHED = 20_000  # ids among which a misspelt one is looked for: a tenth of a second


def one_history(
    recommender: Recommender, *, user: Id | None, history: Sequence[Id] | None, times: Sequence[Any] | None
) -> tuple[Histories, int]:
    """Return the one history in question and how many of its items lie outside the catalogue.

    Raises
    ------
    UnknownIdError
        If the user is not known.
    ConfigError
        If not exactly one of `user` and `history` is given, or `times` without `history`.
    """
    if (user is None) == (history is None):
        raise ConfigError("give either user (an id) or history (a list of item ids), not both or none")
    if history is not None:
        given = None if times is None else [times]
        request = request_of_histories([history], times=given, items=recommender.items)
        return request.histories, int(request.dropped_U[0])
    if times is not None:
        raise ConfigError("times belong to history; the times of a known user are known")
    row = int(recommender.users.encode([user])[0])
    if row == UNKNOWN:
        raise UnknownIdError(
            f"user {user!r} is not known{_near(user, recommender.users)}; give a known id, or a history"
        )
    return recommender.histories.take(np.array([row])), 0


def known_item(item: Id, recommender: Recommender, titles: pl.Series) -> int:
    """Return the number of an item that the model knows.

    Raises
    ------
    UnknownIdError
        If it knows no such item, or nothing of it; the message names near ids.
    """
    number = int(recommender.items.encode([item])[0])
    if number == UNKNOWN:
        raise UnknownIdError(
            f"item {item!r} is not known{_titled(item, recommender.items, titles)}; give the id of an item"
        )
    if not recommender.known_V[number]:
        raise UnknownIdError(
            f"item {item!r} has no event in the training data, and no attribute that the model reads: it "
            "knows nothing of the item and never recommends it; train again with newer data"
        )
    return number


def _titled(wanted: Id, vocab: Vocab, titles: pl.Series) -> str:
    """Name the ids whose title was given in the place of an id, else the ids most like it."""
    if str(wanted).isdecimal():
        return _near(wanted, vocab)
    rows = titles.str.to_lowercase().str.contains(str(wanted).lower(), literal=True).arg_true()[:3].to_list()
    found = [f"{vocab.decode([row])[0]!r} ({titles[row]})" for row in rows]
    return f" (did you mean {' or '.join(found)}?)" if found else _near(wanted, vocab)


def _near(wanted: Id | None, vocab: Vocab) -> str:
    """Name the ids most like a misspelt one; in a big vocabulary only those that end or start alike."""
    text, ids = str(wanted), vocab.ids.cast(pl.String)
    if len(ids) > SEARCHED:
        # Ends first: ids of one catalogue often share their beginning
        ends, starts = (
            ids.filter(alike) for alike in (ids.str.ends_with(text[-3:]), ids.str.starts_with(text[:3]))
        )
        ids = pl.concat([ends, starts]).unique(maintain_order=True).head(SEARCHED)
    near = difflib.get_close_matches(text, ids.to_list(), n=3)
    return f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""
