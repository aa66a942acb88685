"""Overview: what drives a model as a whole: which past items, which attributes, for whom.

One explanation is about one user; the overview adds many up. The first items of many users are explained by
leaving events out, and the influence is gathered by past item, by how long ago the event was, by attribute
and by segment of users (length of the history). Beside it stand the neighbours of an item: those whose
vectors point the same way, and those that the item memory joins to it.

Shape letters: V items, C items with neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import torch

from regard.data.histories import Histories
from regard.data.vocab import Id
from regard.explain.asking import known_item
from regard.explain.attributes import attribute_influence, reads_attributes
from regard.explain.faithfulness import FaithfulnessConfig, questions_of
from regard.explain.influence import leave_one_out
from regard.explain.question import Question
from regard.explain.story import material
from regard.models.blend import BlendScorer
from regard.models.scoring import EncoderScorer
from regard.recommend.recommender import Recommender

__all__ = ["Overview", "neighbours", "overview"]

_SEGMENTS = (1, 5, 20, 100)  # a history belongs to the last of these that it is as long as
_AGO = (0, 1, 2, 5, 10, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What drives a model.

    Parameters
    ----------
    users
        How many users' first items were explained.
    items
        Past items by what they do: ``item_id``, ``title``, ``events`` (how many of the explained histories'
        events are of it), ``influence`` (mean, in nats), ``named`` (share of its events that an explanation
        names), ``example`` (the title of an item that it spoke for most).
    ago
        By how many events lie between an event and now: ``ago``, ``events``, ``influence``, ``named``.
    segments
        By the length of the history: ``events_read`` (at least so many), ``users``, ``together`` (mean
        influence of the whole history), ``strongest`` (mean influence of the strongest event), ``silent``
        (share of the users for whom no event is named).
    attributes
        ``field``, ``item`` and ``history``: mean influence of a field of the recommended item, and of the
        items of the history; empty if the model reads none.
    """

    users: int
    items: pl.DataFrame
    ago: pl.DataFrame
    segments: pl.DataFrame
    attributes: pl.DataFrame


def overview(
    recommender: Recommender, histories: Histories, *, titles: pl.Series, users: int = 200, seed: int = 0
) -> Overview:
    """Explain the first items of some users and add up.

    Parameters
    ----------
    recommender
        Whose recommendations are explained.
    histories
        Of the users that may be drawn.
    titles
        ``[V]`` what to call the items.
    users, seed
        How many are drawn, and how.

    Raises
    ------
    ConfigError
        If the model can read no event of any history.
    """
    config = FaithfulnessConfig(users=users, seed=seed)
    questions = questions_of(recommender, histories, config)
    events, people, fields = [], [], []
    for question in questions:
        found = leave_one_out(
            recommender.scorer, question.history, question.item, known_V=recommender.known_V
        )
        named_E = np.zeros(question.length, dtype=np.bool_)
        named_E[material(found.influence_E)] = True
        events.append(
            pl.DataFrame(
                {
                    "item": question.history.items_of(0).astype(np.int64),
                    "ago": np.arange(question.length)[::-1].copy(),
                    "influence": found.influence_E,
                    "named": named_E,
                    "for": np.full(question.length, question.item),
                }
            )
        )
        strongest = float(found.influence_E.max())
        people.append((question.length, found.together, strongest, not named_E.any()))
        fields += _fields(question)
    gathered = pl.concat(events).filter(pl.col("influence").is_finite())
    return Overview(
        users=len(questions),
        items=_by_item(gathered, recommender, titles),
        ago=_by_bound(gathered, "ago", _AGO).sort("ago"),
        segments=_segments(people),
        attributes=_attributes(fields),
    )


@torch.inference_mode()
def neighbours(
    recommender: Recommender, item: Id, *, titles: pl.Series, count: int = 10
) -> dict[str, pl.DataFrame]:
    """Return the neighbours of an item, by each part of the model that knows any.

    Returns
    -------
    dict
        ``"vectors"``: by the cosine of the network's item vectors; ``"memory"``: by the weight with which the
        item memory joins them. Each a table of ``item_id``, ``title``, ``likeness``, the nearest first.

    Raises
    ------
    UnknownIdError
        If the model does not know the item.
    """
    number, scorer = known_item(item, recommender, titles), recommender.scorer
    network = scorer.scorer if isinstance(scorer, BlendScorer) else scorer
    found: dict[str, pl.DataFrame] = {}
    if isinstance(network, EncoderScorer):
        vector_VD = torch.nn.functional.normalize(network.item_vectors().float().cpu(), dim=1)
        cosine_V = (vector_VD @ vector_VD[number]).masked_fill(
            ~torch.from_numpy(recommender.known_V), -torch.inf
        )
        cosine_V[number] = -torch.inf
        best = torch.topk(cosine_V, min(count, len(cosine_V) - 1))
        found["vectors"] = _named(best.indices.numpy(), best.values.numpy(), recommender, titles)
    memory = scorer.blend.memory if isinstance(scorer, BlendScorer) else None
    place = None if memory is None else torch.searchsorted(memory.item_C, number)
    if memory is not None and place is not None and place < len(memory.item_C):
        weight_K = memory.weight_CK[place] * (memory.item_C[place] == number)
        best = torch.topk(weight_K, min(count, len(weight_K)))
        joined = memory.item_C[memory.neighbour_CK[place][best.indices]]
        found["memory"] = _named(joined.numpy(), best.values.numpy(), recommender, titles)
    return found


def _named(
    items: np.ndarray, likeness: np.ndarray, recommender: Recommender, titles: pl.Series
) -> pl.DataFrame:
    sure = np.isfinite(likeness) & (likeness > 0)
    items, likeness = items[sure], likeness[sure]
    return pl.DataFrame(
        {
            "item_id": recommender.items.decode(items),
            "title": titles.gather(items),
            "likeness": likeness.astype(np.float64),
        }
    )


def _by_item(events: pl.DataFrame, recommender: Recommender, titles: pl.Series) -> pl.DataFrame:
    grouped = events.group_by("item").agg(
        pl.len().alias("events"),
        pl.col("influence").mean(),
        pl.col("named").mean(),
        pl.col("for").sort_by("influence").last(),
    )
    # Rare items would lead by accident: what an item gives in all counts.
    grouped = grouped.sort(pl.col("influence") * pl.col("events"), "item", descending=[True, False])
    return grouped.select(
        recommender.items.decode(grouped["item"].to_numpy()).alias("item_id"),
        titles.gather(grouped["item"]).alias("title"),
        "events",
        "influence",
        "named",
        titles.gather(grouped["for"]).alias("example"),
    )


def _by_bound(events: pl.DataFrame, name: str, bounds: Sequence[int]) -> pl.DataFrame:
    """Gather by the last bound that a number reaches."""
    place = np.searchsorted(bounds, events[name].to_numpy(), side="right") - 1
    bounded = events.with_columns(pl.Series(name, np.array(bounds)[place]))
    return bounded.group_by(name).agg(
        pl.len().alias("events"), pl.col("influence").mean(), pl.col("named").mean()
    )


def _segments(people: list[tuple[int, float, float, bool]]) -> pl.DataFrame:
    schema = ["events_read", "together", "strongest", "silent"]
    frame = pl.DataFrame(people, schema=schema, orient="row")
    place = np.searchsorted(_SEGMENTS, frame["events_read"].to_numpy(), side="right") - 1
    frame = frame.with_columns(pl.Series("events_read", np.array(_SEGMENTS)[place]))
    means = [
        pl.col(name).filter(pl.col(name).is_finite()).mean().alias(name) for name in ("together", "strongest")
    ]
    grouped = frame.group_by("events_read").agg(
        pl.len().alias("users"), *means, pl.col("silent").cast(pl.Float64).mean()
    )
    return grouped.sort("events_read")


def _fields(question: Question) -> list[tuple[str, float, float]]:
    if not reads_attributes(question.scorer):
        return []
    found = attribute_influence(
        question.scorer, question.history, question.item, known_V=question.recommender.known_V
    )
    return [
        (name, float(own), float(past))
        for name, own, past in zip(found.names, found.item_F, found.history_F, strict=True)
    ]


def _attributes(rows: list[tuple[str, float, float]]) -> pl.DataFrame:
    schema = {"field": pl.String, "item": pl.Float64, "history": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    means = [pl.col(name).filter(pl.col(name).is_finite()).mean().alias(name) for name in ("item", "history")]
    return frame.group_by("field").agg(*means).sort("item", "field", descending=[True, False])
