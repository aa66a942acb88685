"""Contrast: why this item and not that one, for the same user.

The question is easier than "why this item?": the other items of the catalogue cancel, and what is left is
the difference of two scores, in nats. Each event's influence on it is measured by leaving the event out, and
the difference is also taken apart into what the network, the item memory and the trend say, which add up.

Shape letters: E events that the scorer reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import torch

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.data.vocab import Id
from regard.explain.asking import known_item, one_history
from regard.explain.edits import edited
from regard.explain.question import Served
from regard.explain.story import named_titles
from regard.explain.words import Language, words_of
from regard.models.blend import BlendQuery, BlendScorer
from regard.recommend.recommender import Recommender

__all__ = ["Contrast", "contrast"]

_EVENTS_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """What puts one item before another.

    Parameters
    ----------
    item_id, title, other_id, other_title
        The two items.
    difference
        Score of the first less that of the other, in nats: the logarithm of how many times as likely it is.
    parts
        What of it the network, the item memory and the trend say; ``score`` where a model has no parts.
    events
        ``[E]`` events that were read, those first that speak most for the first item: ``position``,
        ``item_id``, ``title``, ``influence`` (by how much the difference falls without the event, in nats).
    """

    item_id: Id
    title: str
    other_id: Id
    other_title: str
    difference: float
    parts: Mapping[str, float]
    events: pl.DataFrame

    def tell(self, language: Language = "en") -> str:
        """Say it in one sentence; events are named by the rule of `regard.explain.story`.

        Raises
        ------
        ConfigError
            If there is no such language.
        """
        words = words_of(language)
        item, other = (words.quoted.format(title=title) for title in (self.title, self.other_title))
        if not self.difference > 0:
            return words.not_before.format(item=item, other=other)
        by_age = self.events.sort("position")
        _, numbers = np.unique(by_age["item_id"].to_numpy(), return_inverse=True)
        titles = named_titles(by_age["influence"].to_numpy(), numbers, by_age["title"].to_list())
        if not titles:
            return words.rather_none.format(item=item, other=other)
        return words.rather.format(item=item, other=other, items=words.listed(titles))

    def to_json(self) -> dict[str, Any]:
        """Return a dictionary that JSON can hold; infinite numbers as None."""
        finite = float(self.difference) if np.isfinite(self.difference) else None
        events = self.events.with_columns(
            pl.when(pl.col("influence").is_finite()).then("influence").alias("influence")
        )
        return {
            "item_id": self.item_id,
            "title": self.title,
            "other_id": self.other_id,
            "other_title": self.other_title,
            "difference": finite,
            "parts": {name: part if np.isfinite(part) else None for name, part in self.parts.items()},
            "events": events.to_dicts(),
            "text": self.tell(),
        }


def contrast(
    recommender: Recommender,
    *,
    item: Id,
    other: Id,
    titles: pl.Series,
    user: Id | None = None,
    history: Sequence[Id] | None = None,
    times: Sequence[Any] | None = None,
) -> Contrast:
    """Say why one item comes before another, for a known user or a bare history.

    Parameters
    ----------
    recommender, titles, user, history, times
        As in `regard.explain.explanation.explain`.
    item, other
        Ids of two items that the model knows.

    Raises
    ------
    UnknownIdError
        If the user or an item is not known; the message names near ids.
    ConfigError
        If not exactly one of `user` and `history` is given, or `times` without `history`.
    """
    first, second = (known_item(one, recommender, titles) for one in (item, other))
    whole, _ = one_history(recommender, user=user, history=history, times=times)
    read = recommender.read(whole)
    differences = _differences(recommender, read, first, second)
    influence_E = np.subtract(
        differences[0],
        differences[1:],
        out=np.zeros(len(differences) - 1),
        where=differences[1:] != differences[0],
    )
    items_E = read.items_of(0)
    events = pl.DataFrame(
        {
            "position": np.arange(len(items_E)),
            "item_id": recommender.items.decode(items_E),
            "title": titles.gather(items_E),
            "influence": influence_E,
        }
    )
    return Contrast(
        item_id=recommender.items.decode([first])[0],
        title=titles[first],
        other_id=recommender.items.decode([second])[0],
        other_title=titles[second],
        difference=float(differences[0]),
        parts=_parts(recommender, read, first, second, difference=float(differences[0])),
        events=events.sort("influence", descending=True, maintain_order=True),
    )


@torch.inference_mode()
def _differences(recommender: Recommender, read: Histories, first: int, second: int) -> np.ndarray:
    """Return ``[1 + E]`` differences of the scores: with all events, and without each of them."""
    served = Served(recommender.scorer, recommender.popularity_V)
    length = read.num_events
    kept_UE = np.concatenate([np.ones((1, length), dtype=np.bool_), ~np.eye(length, dtype=np.bool_)])
    rows, parts = max(1, _EVENTS_AT_ONCE // max(1, length)), []
    for start in range(0, len(kept_UE), rows):
        query = served.query(PackedBatch.of(edited(read, kept_UE[start : start + rows])))
        own, other = (served.score(query, one, one + 1)[:, 0].double() for one in (first, second))
        parts.append(torch.where(own == other, torch.zeros_like(own), own - other).numpy())
    return np.concatenate(parts)


@torch.inference_mode()
def _parts(
    recommender: Recommender, read: Histories, first: int, second: int, *, difference: float
) -> dict[str, float]:
    scorer = recommender.scorer
    if read.num_events == 0:
        return {"popularity": difference}
    if not isinstance(scorer, BlendScorer):
        return {"score": difference}
    query: BlendQuery = scorer.query(PackedBatch.of(read))
    weights, memory = scorer.blend.weights, scorer.blend.memory
    own, other = (float(scorer.scorer.score(query.states_UD, one, one + 1)[0, 0]) for one in (first, second))
    added_V = scorer.blend.added
    parts = {"network": weights.model * (own - other), "trend": float(added_V[first] - added_V[second])}
    if memory is not None and query.sums_UC is not None:
        sums = memory.scores_of(query.sums_UC, torch.tensor([first, second]))[0]
        parts["memory"] = weights.memory * float(sums[0] - sums[1])
    return parts
