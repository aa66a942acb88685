"""contexts: from a training log to the fields of events and users that a model can read.

Codes of categories that training does not have are one with the missing ones; edges of numbers are quantiles
of training events. Kinds of the users' columns are guessed unless a person said them; their texts become bags
of words, and what would need an encoder is left out.

Shape letters: C codes of a category, B pieces of a number's range, U users.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from regard.data.coders.numbers import EDGES
from regard.data.coding import fit_and_encode
from regard.data.columns import Column
from regard.data.dataset import Dataset
from regard.data.fields import Fields
from regard.data.infer import infer
from regard.data.target import EVENT_TYPE
from regard.models.context import ContextConfig, ContextSpec

__all__ = ["context_of"]

_UNREAD = ("weight", "session_id")
_BLOCK = 1 << 20  # events looked at together
_SAMPLE = 1 << 20  # about so many values give the quantiles


def context_of(train: Dataset, config: ContextConfig, *, said: Fields | None) -> ContextSpec:
    """Return what a log has beside items and times.

    Parameters
    ----------
    train
        The log that is learned from.
    config
        What is read; the table of users is looked at only if it is.
    said
        Kinds of fields that a person said.

    Raises
    ------
    SchemaError
        If a field is named that the table of users does not have.
    DataError
        If a value cannot be read as the kind of its column.
    """
    categories, numbers = {}, {}
    for name, column in train.histories.fields.items():
        if name in _UNREAD:
            continue
        if not np.issubdtype(column.dtype, np.integer):
            numbers[name] = _edges(train, column)
            continue
        vocab = train.event_types if name == EVENT_TYPE else train.event_vocabs[name]
        assert vocab is not None
        own_C1 = _own_codes(train, column, len(vocab))
        if own_C1.max() > 1:  # one value everywhere says nothing
            categories[name] = own_C1
    users = _user_columns(train, said) if config.user_attributes else {}
    return ContextSpec(categories=categories, numbers=numbers, users=users)


def _own_codes(train: Dataset, column: np.ndarray, size: int) -> np.ndarray:
    """Return ``[C + 1]`` int64: training's codes by rank from 1, 0 for all others and for a missing value."""
    counts = np.zeros(size + 1, dtype=np.int64)
    for block in train.histories.blocks(_BLOCK):
        code = block.of_events(column)
        counts += np.bincount(np.where(code < 0, size, code), minlength=size + 1)
    counts[size] = 0
    return np.where(counts > 0, np.cumsum(counts > 0), 0).astype(np.int64)


def _edges(train: Dataset, column: np.ndarray) -> np.ndarray:
    """Return up to 32 different quantiles of the training events; always at least two."""
    step = max(1, train.num_events // _SAMPLE)
    parts = [np.asarray(block.of_events(column)[::step]) for block in train.histories.blocks(_BLOCK)]
    value = np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)
    value = value[~np.isnan(value)].astype(np.float64)
    if len(value) == 0:
        return np.array([0.0, 1.0], dtype=np.float32)
    edge = np.unique(np.quantile(value, np.linspace(0, 1, EDGES)).astype(np.float32))
    if len(edge) == 1:
        edge = np.array([edge[0], edge[0] + max(1.0, abs(edge[0]) * 1e-3)], dtype=np.float32)
    return edge


def _user_columns(train: Dataset, said: Fields | None) -> Mapping[str, Column]:
    table, source = train.user_table, "the table of users"
    if table.width < 2:
        return {}
    guessed = Fields(users=infer(table, id_column="user_id", source=source))
    fields = guessed if said is None else guessed.overruled(Fields(users=said.users))
    used_U = train.histories.lengths > 0
    return fit_and_encode(table, fields.users, used_R=used_U, source=source).encoded.columns
