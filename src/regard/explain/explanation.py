"""Explanation: why this item for this user, in the caller's ids: a table of events and one sentence.

What is explained is what serves: the same reading of the history (`Recommender.read`), the same scorer,
and popularity where no event could be read. It knows ids and titles; measuring, looking and wording are
the rooms beside it.

Shape letters: E events that the scorer reads, V items.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from regard.data.histories import Histories
from regard.data.vocab import Id
from regard.explain.asking import known_item, one_history
from regard.explain.attribute_tables import Attributes, attributes_of
from regard.explain.influence import Influence, leave_one_out
from regard.explain.story import Popular, Story
from regard.explain.weights import LABEL, last_attention
from regard.explain.words import Language
from regard.models.blend import BlendScorer
from regard.recommend.recommender import Recommender

__all__ = ["Explanation", "explain"]

POPULAR_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why an item is recommended.

    Parameters
    ----------
    item_id, title
        The item.
    log_probability, probability
        Of the item among all items that can be recommended, in nats and from 0 to 1.
    events
        ``[E]`` the events that the model read, the most influential first (ties: the older first):
        ``position`` (0 is the oldest of them), ``item_id``, ``title``, ``time`` (UTC; null if not given),
        ``influence`` in nats (by how much the log-probability falls without the event) and ``attention``
        (where the model looked, not why; null if it cannot show it).
    unread
        Number of events that the model did not read: their items are unknown to it, or they lie before
        the latest that it takes. Their influence is zero.
    attributes
        What the item's fields and those of the history's items do for it, if the model reads any: ``side``
        (``"item"`` or ``"history"``: of all events together), ``field``, ``value`` (text; of the history the
        most common one, null where none occurs twice), ``influence`` in nats (by how much the log-probability
        falls if the field is missing), ``replaced`` (of the item: by how much it falls on average with the
        values of other items) and ``attention`` (how much of the field is in the item's vector: where the
        model looked, not why). The field ``item_id`` stands for what others did with an item.
    event_attributes
        The same for each field of the few most influential events, one by one: ``position``, ``item_id``,
        ``field``, ``value``, ``influence``.
    together
        By how much the log-probability falls without all events that the model read, in nats.
    text
        One sentence; `tell` says it in another language.
    story
        What it is made of.
    """

    item_id: Id
    title: str
    log_probability: float
    probability: float
    events: pl.DataFrame
    attributes: pl.DataFrame
    event_attributes: pl.DataFrame
    unread: int
    together: float
    text: str
    story: Story

    def tell(self, language: Language = "en", *, verb: str | None = None) -> str:
        """Say why in one sentence, see `regard.explain.story.Story.tell`."""
        return self.story.tell(language, verb=verb)

    def to_json(self) -> dict[str, Any]:
        """Return a dictionary that JSON can hold; times as ISO strings, infinite numbers as None."""
        return {
            "item_id": self.item_id,
            "title": self.title,
            "log_probability": _plain(self.log_probability),
            "probability": self.probability,
            "text": self.text,
            "events": _rows(self.events),
            "attributes": _rows(self.attributes),
            "event_attributes": _rows(self.event_attributes),
            "unread": self.unread,
            "together": _plain(self.together),
            "attention_means": LABEL,
        }


def explain(
    recommender: Recommender,
    *,
    item: Id,
    titles: pl.Series,
    user: Id | None = None,
    history: Sequence[Id] | None = None,
    times: Sequence[Any] | None = None,
    verb: str | None = None,
    table: pl.DataFrame | None = None,
) -> Explanation:
    """Explain one item for a known user, or for a bare history.

    Parameters
    ----------
    recommender
        Whose recommendation is explained.
    item
        Id of an item that the model knows, recommended or not.
    titles, table
        ``[V]`` what to call the items, and their attributes as they were given.
    user, history, times
        Id of a known user; or item ids, oldest first, and when they happened. Ids that the model does not
        know are not read.
    verb
        What users do with items, in the past tense, for the sentence: ``"watched"``.

    Raises
    ------
    UnknownIdError
        If the user is not known or the model does not know the item; the message names near ids.
    ConfigError
        If not exactly one of `user` and `history` is given, or `times` without `history`.
    """
    assert len(titles) == len(recommender.items)
    number = known_item(item, recommender, titles)
    whole, dropped = one_history(recommender, user=user, history=history, times=times)
    read = recommender.read(whole)
    if read.num_events == 0:
        log_probability = _log_popularity(recommender, number)
        influence = Influence(log_probability=log_probability, influence_E=np.empty(0), together=0.0)
        story, attributes = Story(), Attributes.none(recommender.items)
    else:
        influence = leave_one_out(recommender.scorer, read, number, known_V=recommender.known_V)
        attributes = attributes_of(recommender, read, number, influence_E=influence.influence_E, table=table)
        story = _story(recommender, read, number, influence, titles=titles, attributes=attributes)
    timed = user is not None or times is not None
    return Explanation(
        item_id=recommender.items.decode([number])[0],
        title=titles[number],
        log_probability=influence.log_probability,
        probability=math.exp(influence.log_probability),
        events=_events(recommender, read, influence, titles=titles, timed=timed),
        attributes=attributes.sides,
        event_attributes=attributes.events,
        unread=dropped + whole.num_events - read.num_events,
        together=influence.together,
        text=story.tell(verb=verb),
        story=story,
    )


def _story(
    recommender: Recommender,
    read: Histories,
    number: int,
    influence: Influence,
    *,
    titles: pl.Series,
    attributes: Attributes,
) -> Story:
    return Story(
        influence_E=influence.influence_E,
        items_E=read.items_of(0),
        titles_E=tuple(titles.gather(read.items_of(0)).to_list()),
        together=influence.together,
        popular=_popular(recommender, number),
        attribute=attributes.reason,
    )


def _log_popularity(recommender: Recommender, number: int) -> float:
    counts = np.where(recommender.known_V, recommender.popularity_V, 0)
    return math.log(counts[number] / counts.sum()) if counts[number] else -math.inf


def _popular(recommender: Recommender, number: int) -> Popular:
    """Tell whether fewer than a tenth of the known items are had more, lately if the model knows that."""
    scorer, known_V = recommender.scorer, recommender.known_V
    if isinstance(scorer, BlendScorer) and scorer.blend.weights.trend > 0:
        trend_V = scorer.blend.trend_V.cpu().numpy()
        if trend_V[number] > 0 and _in_front(trend_V[known_V], trend_V[number]):
            return "now"
    counts_V = recommender.popularity_V
    return "overall" if _in_front(counts_V[known_V], counts_V[number]) else "no"


def _in_front(count_V: np.ndarray, count: float) -> bool:
    return float((count_V > count).mean()) < POPULAR_SHARE


def _events(
    recommender: Recommender,
    read: Histories,
    influence: Influence,
    *,
    titles: pl.Series,
    timed: bool,
) -> pl.DataFrame:
    items_E = read.items_of(0)
    looked = last_attention(recommender.scorer, read) if len(items_E) else None
    time = read.times_of(0) if timed else [None] * len(items_E)
    attention = looked.mean_E if looked is not None else [None] * len(items_E)
    return pl.DataFrame(
        {
            "position": np.arange(len(items_E)),
            "item_id": recommender.items.decode(items_E),
            "title": titles.gather(items_E),
            "time": pl.Series(time, dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
            "influence": influence.influence_E,
            "attention": pl.Series(attention, dtype=pl.Float64),
        }
    ).sort("influence", descending=True, maintain_order=True)


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in row.items()} for row in frame.iter_rows(named=True)]


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if hasattr(value, "isoformat") else value
