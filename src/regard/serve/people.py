"""People: one history as a recommender that knows nobody else, for whatever asks by the id of a user.

Explanations and traces speak of a user of the training data. Given a recommender whose only user is the one
in question, with the history that serves, they explain what serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from regard.data.packing import NO_TIME
from regard.data.vocab import Vocab
from regard.explain.explanation import Explanation, explain
from regard.explain.words import Language
from regard.recommend.recommender import Recommender
from regard.recommend.reranked import PolicyRequest
from regard.recommend.two_stage import TwoStageRecommender
from regard.serve.engine import Ask
from regard.serve.events import Id
from regard.serve.moments import iso
from regard.serve.snapshot import joined

__all__ = ["explained", "reasons", "traced"]

_USER = "you"


def explained(ask: Ask, item: Id) -> Explanation:
    """Say why an item is recommended, for the history of a request.

    Raises
    ------
    UnknownIdError
        If the model does not know the item.
    """
    dataset, history = ask.snapshot.model.dataset, ask.history
    timed = bool((history.time_E != NO_TIME).all())
    return explain(
        _alone(ask),
        item=ask.snapshot.item(item),
        titles=dataset.titles(),
        user=_USER if timed else None,
        history=None if timed else dataset.items.decode(history.item_E).to_list(),
        table=dataset.item_table,
    )


def reasons(ask: Ask, items: Sequence[Id], *, language: Language = "en") -> list[str]:
    """Say why, in one sentence for each item."""
    return [explained(ask, item).tell(language) for item in items]


def traced(ask: Ask, items: Sequence[Id]) -> list[dict[str, object]]:
    """Show what each stage of a two-stage model did with each candidate; none of a model of one stage."""
    recommender = _alone(ask)
    readable = recommender.read(recommender.histories).num_events > 0
    if not (isinstance(recommender, TwoStageRecommender) and readable):
        return []
    shown = pl.DataFrame(
        {"user_id": [_USER] * len(items), "item_id": list(items), "rank": range(1, len(items) + 1)},
        schema_overrides={"item_id": recommender.items.ids.dtype, "rank": pl.Int64},
    )
    asked = PolicyRequest(
        users=[_USER],
        k=ask.k,
        exclude_seen=ask.exclude_seen,
        only=None if ask.allow is None else list(ask.allow),
        exclude=[*(ask.deny or ()), *ask.snapshot.hidden],
        at=None if ask.at is None else iso(ask.at),
        candidates=ask.k,
    )
    return recommender.trace(asked, shown).drop("user_id").to_dicts()


def _alone(ask: Ask) -> Recommender:
    recommender = ask.snapshot.model.recommender
    return replace(recommender, users=Vocab.of([_USER]), histories=joined([ask.history], [None]))
