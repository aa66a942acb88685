"""AttachedPipeline: a retrieval model with a ranker of impressions behind it, and how they are put together.

The ranker was fitted by itself (`regard.ranking.fit_ranker`) to what was shown and what came of it. Nothing
is trained here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from regard.errors import DataError
from regard.evaluation.neighbours import ItemKNN
from regard.model import Model
from regard.pipeline import TwoStageModel
from regard.ranker_stage import RankerStage
from regard.ranking import RankingModel
from regard.recommend.value import ValueFormula, parse_value
from regard.train.mining import sources_of
from regard.train.stage_sources import neighbours_of
from regard.train.two_stage_config import SecondStageConfig

__all__ = ["AttachedPipeline", "attach_ranker", "staged"]


@dataclass(frozen=True, kw_only=True)
class AttachedPipeline(TwoStageModel):
    """A retrieval model with a ranker of impressions behind it.

    Parameters
    ----------
    second
        Sources of candidates, the ranker, and what a candidate is worth.
    record
        How many items and users of the retrieval model there are, and how many of them the ranker knows.
    """

    second: RankerStage

    def save(self, folder: str | Path) -> None:
        """Write both as one folder, atomically: safetensors, JSON, Parquet and hashes."""
        from regard.attached_keep import save_attached

        save_attached(self, folder)


def attach_ranker(
    model: Model, ranker: RankingModel, *, value: str | None = None, config: SecondStageConfig | None = None
) -> AttachedPipeline:
    """Put a ranker of impressions behind a retrieval model.

    Parameters
    ----------
    model
        Retrieval; of a model with a second stage its first one.
    ranker
        What `fit_ranker` returned; it knows items and users by the same ids.
    value
        What a candidate is worth, as ``"purchase*10 + click"``; None: the probability of the first action.
    config
        How many candidates each source proposes; the rest of it is not read.

    Raises
    ------
    ConfigError
        If the value cannot be read or names an action that the ranker does not predict.
    DataError
        If the ranker knows no item of the retrieval model.
    """
    config = config or SecondStageConfig()
    retrieval = model.retrieval if isinstance(model, TwoStageModel) else model
    actions = ranker.spec.actions
    formula = parse_value(f'"{actions[0]}"' if value is None else value, actions)
    return staged(
        retrieval, ranker, value=formula, config=config, similar=neighbours_of(retrieval.train, config)
    )


def staged(
    retrieval: Model,
    ranker: RankingModel,
    *,
    value: ValueFormula,
    config: SecondStageConfig,
    similar: ItemKNN | None,
) -> AttachedPipeline:
    """Put the parts together; `similar` are the neighbours of items, found already."""
    known_V = retrieval.recommender.known_V
    item_V = ranker.items.encode(retrieval.dataset.items.ids)
    user_W = ranker.users.encode(retrieval.dataset.users.ids)
    record: dict[str, Any] = {
        "items": int(known_V.sum()),
        "known_items": int((known_V & (item_V >= 0)).sum()),
        "users": len(user_W),
        "known_users": int((user_W >= 0).sum()),
    }
    if record["known_items"] == 0:
        mine, theirs = (
            ", ".join(str(one) for one in vocab.ids[:3]) for vocab in (ranker.items, retrieval.dataset.items)
        )
        raise DataError(
            f"the ranker knows none of the {record['items']:,} items of the model: its ids are {mine} ..., "
            f"those of the model {theirs} ...; fit both to the same ids"
        )
    second = RankerStage(
        sources=sources_of(retrieval.recommender, retrieval.train, config, similar=similar),
        ranker=ranker,
        value=value,
        item_V=item_V.astype(np.int64),
        user_W=user_W.astype(np.int64),
    )
    held = {one.name: getattr(retrieval, one.name) for one in fields(Model)}
    return AttachedPipeline(**held, second=second, stages=config, record=record)
