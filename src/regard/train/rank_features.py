"""rank_features: from impressions and tables to what a ranker is built from.

Columns of items and users and further columns of the log get their kinds by guess unless a person said them;
coders learn from what training shows. It knows no ranker's weights.

Shape letters: V items, U users, K candidates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from regard.data.attributes import align
from regard.data.coding import Coders, fit_and_encode, fit_coders
from regard.data.columns import Column, Numbers, number_columns, take_rows
from regard.data.feedback import OUTCOME, Feedback, Past
from regard.data.fields import Field, Fields
from regard.data.histories import Histories
from regard.data.impression_table import ReadImpressions
from regard.data.impressions import Impressions
from regard.data.infer import infer
from regard.data.likeness import LIKENESS, Likeness
from regard.data.rates import RATES, rates_at
from regard.data.schema import Columns
from regard.data.tables import Source, open_table
from regard.data.vocab import Vocab
from regard.errors import DataError
from regard.models.context import ContextSpec
from regard.models.items import ItemFeatures
from regard.models.ranker import RankerSpec
from regard.train.describing import Description
from regard.train.ranking_config import RankingConfig

__all__ = [
    "RankFeatures",
    "RankTables",
    "actions_of",
    "features_of",
    "likeness_of",
    "past_of",
    "request_fields",
]

_REQUEST = "the impressions"


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTables:
    """Tables of items and users as a caller brings them; None where there is none."""

    items: Source | None = None
    users: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankFeatures:
    """What is known beside ids and times.

    Parameters
    ----------
    items, users
        Their coders and columns.
    request
        Coders of the further columns of the log.
    spec
        What a ranker is built from.
    """

    items: Description
    users: Description
    request: Coders
    spec: RankerSpec


def actions_of(impressions: Impressions, config: RankingConfig) -> tuple[str, ...]:
    """Return the actions that are predicted.

    Raises
    ------
    DataError
        If the log has no such label, or if labels are not from 0 to 1.
    """
    actions = config.actions or impressions.actions
    for action in actions:
        if action not in impressions.labels:
            raise DataError(
                f"the impressions have no label {action!r}; they have: {', '.join(impressions.actions)}"
            )
        label = impressions.labels[action]
        if len(label) and (label.min() < 0 or label.max() > 1):
            raise DataError(
                f"label {action!r} is an amount (up to {label.max():g}): leave it out "
                "with actions, or bring a label that says whether it was enough"
            )
    return actions


def past_of(impressions: Impressions, config: RankingConfig, *, users: int) -> Past:
    """Return what histories are made of, with nothing known yet."""
    kind, action = config.history, actions_of(impressions, config)[0]
    if kind == "auto":
        known = bool((impressions.user_I >= 0).any()) and bool((impressions.item_K >= 0).any())
        kind = "given" if impressions.history is not None else "shown" if known else "none"
    level = float(np.clip((impressions.labels[action] > 0).mean(), 1e-4, 1 - 1e-4))
    return Past(kind=kind, action=action, known=Feedback.nothing(), users=users, level=level)


def features_of(
    read: ReadImpressions, train: Impressions, tables: RankTables, config: RankingConfig
) -> RankFeatures:
    """Return what is known of items, users and requests; coders learn from `train`.

    Raises
    ------
    DataError, SchemaError
        If a table cannot be used.
    """
    item_V, user_U = _met(train, read)
    items = _described(tables.items, read.items, item_V, config.fields, ours="item_id")
    users = _described(tables.users, read.users, user_U, config.fields, ours="user_id")
    request = _request_coders(train, config.fields)
    columns = {} if train.context is None else request.encode(train.context[:1], source=_REQUEST)
    past = past_of(train, config, users=len(read.users))
    learned = past.after(train)
    if config.rates and past.kind in {"given", "shown"}:
        columns |= number_columns(rates_at(train, learned, items=len(read.items)))
    like = likeness_of(learned, config, items=len(read.items))
    if like is not None:
        read_by_I = learned.histories(train).latest(config.shape.max_length)
        columns |= number_columns(like.beside(train, read_by_I))
    events = ContextSpec(categories={OUTCOME: np.array([1, 2, 0], dtype=np.int64)})
    spec = RankerSpec(
        actions=actions_of(train, config),
        items=ItemFeatures(columns=items.columns, trained_V=item_V),
        users=ItemFeatures(columns=users.columns, trained_V=user_U),
        events=events if past.kind == "shown" else ContextSpec(),
        request={name: take_rows(column, np.zeros(1, dtype=np.int64)) for name, column in columns.items()},
    )
    return RankFeatures(items=items, users=users, request=request, spec=spec)


def likeness_of(past: Past, config: RankingConfig, *, items: int) -> Likeness | None:
    """Return how items went together in what is known, for a ranker that reads it; None for another."""
    return Likeness.of(past.known, items=items) if config.likeness and past.kind != "none" else None


def request_fields(
    coders: Coders,
    spec: RankerSpec,
    impressions: Impressions,
    past: Past,
    *,
    histories: Histories,
    likeness: Likeness | None,
) -> Mapping[str, Column]:
    """Return by name ``[K]`` values of what is read beside items, users and events.

    Parameters
    ----------
    coders
        Of the further columns of the log.
    spec
        What the ranker was built from.
    impressions
        What is asked for.
    past
        What is known by then: rates are counted from it.
    histories, likeness
        ``[I]`` what the ranker reads of each user, and how items went together: candidates are compared.
    """
    columns: dict[str, Column] = {}
    if coders.fields:
        context, rows = impressions.context, np.arange(impressions.num_candidates)
        if context is None:  # all are missing
            context, rows = pl.DataFrame({known.name: [None] for known in coders.fields}), 0 * rows
        encoded = coders.encode(context, source=_REQUEST)
        columns = {name: take_rows(column, rows) for name, column in encoded.items()}
    if RATES[0] in spec.request:
        columns |= _as_learned(spec, rates_at(impressions, past, items=len(spec.items.trained_V)))
    if LIKENESS[0] in spec.request:
        assert likeness is not None
        columns |= _as_learned(spec, likeness.beside(impressions, histories))
    return columns


def _as_learned(spec: RankerSpec, values: Mapping[str, np.ndarray]) -> dict[str, Column]:
    """Return values as columns with the edges that the ranker was built with."""
    columns: dict[str, Column] = {}
    for name, value_K in values.items():
        learned = spec.request[name]
        assert isinstance(learned, Numbers)
        columns[name] = Numbers(value_R=value_K, edge_B1=learned.edge_B1)
    return columns


def _met(train: Impressions, read: ReadImpressions) -> tuple[np.ndarray, np.ndarray]:
    """Return which items and which users training meets."""
    item_V = np.zeros(len(read.items), dtype=bool)
    item_V[train.item_K[train.item_K >= 0]] = True
    if train.history is not None:
        seen = train.history.item[train.history.events()]
        item_V[seen[seen >= 0]] = True
    user_U = np.zeros(len(read.users), dtype=bool)
    user_U[train.user_I[train.user_I >= 0]] = True
    return item_V, user_U


def _described(
    table: Source | None, vocab: Vocab, used: np.ndarray, said: Fields, *, ours: str
) -> Description:
    if table is None or len(vocab) == 0:
        return Description()
    kind, of_items = ("items", True) if ours == "item_id" else ("users", False)
    source = f"the table of {kind}"
    opened = open_table(table, kind=kind)
    rows = align(
        opened, vocab, columns=Columns(), ours="item_id" if of_items else "user_id", on_bad="error"
    ).table
    guessed = infer(rows, id_column=ours, source=source)
    if of_items:
        fields = Fields(items=guessed).overruled(Fields(items=said.items)).items
    else:
        fields = Fields(users=guessed).overruled(Fields(users=said.users)).users
    fitted = fit_and_encode(rows, fields, used_R=used, source=source)
    return Description(coders=fitted.coders, columns=fitted.encoded.columns, reports=fitted.encoded.reports)


def _request_coders(train: Impressions, said: Fields) -> Coders:
    context = train.context
    if context is None or context.width == 0:
        return Coders()
    guessed = Fields(events=infer(context, id_column=None, source=_REQUEST))
    known: tuple[Field, ...] = guessed.overruled(Fields(events=said.events)).events
    return fit_coders(context, known, used_R=np.ones(len(context), dtype=bool), source=_REQUEST)
