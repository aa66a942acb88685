"""Attributes: how far an item's log-probability falls when a field is made missing, or is another.

The measure is that of `regard.explain.influence`, and an intervention too: the vectors that the network
reads are made anew with the field missing, as they would be for an item of which it is not known. On the
side of the item only its own score moves; on the side of the history only what the network reads, so that
the question is "what if the brand of what you had were not known?". All variants go through the network
together, as further rows of a small table of vectors; the model itself is not touched.

A field that is missing leaves its weight to the others, so one that says nothing for this user may have an
influence below zero: without it the others are heard better. What the *value* does is shown by replacing it
with those of other items, at random and on average (the reliance of Fisher, Rudin & Dominici, "All Models are
Wrong, but Many are Useful", JMLR 2019, for one item): a value that does not matter comes out near zero.

What it cannot show: two fields that say the same cover for each other. And an item memory and the trend,
which are weighed beside the network, know numbers of items and no attributes: they keep speaking for a
variant as for the item itself, so that what is measured is the network's reading alone.

It knows fields by name, not their values in the caller's table.

Shape letters: F fields, E events of the history, N distinct items of it, S events looked at one by one, U
variants of the history, D width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from regard.data.columns import Column
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.explain.influence import Standing, standing_of
from regard.models.blend import BlendQuery, BlendScorer
from regard.models.items import ItemEncoder
from regard.models.protocols import Scorer
from regard.models.scoring import EncoderScorer
from regard.nn.heads import Catalogue

__all__ = ["AttributeInfluence", "attribute_influence", "reads_attributes", "replacing"]

_EVENTS_AT_ONCE = 65_536
_DRAWN = 512  # known items among which those are looked for that have a value in a field
_OTHERS = 64  # whose values are tried


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeInfluence:
    """What the fields of an item, and those of a history's items, do for the item.

    All influences are float64, in nats: by how much the item's log-probability falls without the field. NaN
    where there is no such field.

    Parameters
    ----------
    names
        F fields; the first is the id, which stands for what others did with an item.
    item_F
        ``[F]`` influence of each field of the item.
    replaced_F
        ``[F]`` by how much the log-probability falls, on average, if a field of the item has the value of
        another item; NaN for the id.
    history_F
        ``[F]`` influence of each field of all items of the history together.
    event_SF
        ``[S, F]`` influence of each field of single events.
    item_attention_F, history_attention_F
        ``[F]`` weights with which the network fuses the fields (mean over the events): where it looked, not
        why.
    """

    names: tuple[str, ...]
    item_F: np.ndarray
    replaced_F: np.ndarray
    history_F: np.ndarray
    event_SF: np.ndarray
    item_attention_F: np.ndarray
    history_attention_F: np.ndarray


def reads_attributes(scorer: Scorer[Any]) -> bool:
    """Tell whether a scorer reads attributes of items, so that their influence can be measured."""
    return _items_of(scorer) is not None


@torch.inference_mode()
def attribute_influence(
    scorer: Scorer[Any], history: Histories, item: int, *, known_V: np.ndarray, events_S: Sequence[int] = ()
) -> AttributeInfluence:
    """Measure the influence of each field on an item.

    Time O((1 + F + S F) (E + V)) for V items.

    Parameters
    ----------
    scorer
        One that `reads_attributes`.
    history
        Exactly one row with at least one event: what the scorer reads of the user.
    item
        Number of the item, one of the known ones.
    known_V
        ``[V]`` bool: items that can be recommended; the probabilities of these sum to one.
    events_S
        Places in the history of events whose fields are looked at one by one.
    """
    reading = _Reading.of(scorer, history, item, known_V=known_V)
    fields, items = range(len(reading.items.names)), reading.items
    plain = items.fused(reading.number([item]))
    has_F = plain.weight_RF[0] > 0
    variants = [items.fused(reading.number([item]), without=field).y_RD for field in fields]
    item_F = -reading.changes(torch.cat([plain.y_RD, *variants]))
    past = _Past.of(reading)
    asked = [(field, None) for field in fields] + [(field, event) for event in events_S for field in fields]
    fall = past.falls([one for one in asked if past.has(*one)])
    found = np.array([fall.get(one, np.nan) for one in asked]).reshape(1 + len(events_S), len(fields))
    return AttributeInfluence(
        names=items.names,
        item_F=np.where(has_F.cpu().numpy(), item_F, np.nan),
        replaced_F=np.where(has_F.cpu().numpy(), _replaced(reading), np.nan),
        history_F=found[0],
        event_SF=found[1:],
        item_attention_F=plain.weight_RF[0].double().cpu().numpy(),
        history_attention_F=past.weight_EF.mean(axis=0),
    )


@torch.inference_mode()
def replacing(
    scorer: Scorer[Any],
    history: Histories,
    item: int,
    *,
    known_V: np.ndarray,
    columns: Mapping[str, Column],
) -> float:
    """Return by how much an item's log-probability rises, in nats, if it has other values.

    Parameters
    ----------
    scorer, history, item, known_V
        As in `attribute_influence`.
    columns
        By field: a column of one row, the other value.
    """
    reading = _Reading.of(scorer, history, item, known_V=known_V)
    number = reading.number([item])
    assert set(columns) <= set(reading.items.names[1:])
    other = reading.items.fused(number, instead=columns)
    return float(reading.changes(torch.cat([reading.items(number), other.y_RD]))[0])


def _replaced(reading: _Reading) -> np.ndarray:
    """Return ``[F]`` the mean fall with other items' values; NaN for the id, and where no other has one."""
    known = np.flatnonzero(reading.known_V)
    known = known[known != reading.item]
    drawn = np.random.default_rng(0).permutation(known)[:_DRAWN] if len(known) else known
    has_NF = reading.items.fused(reading.number(drawn)).weight_RF.cpu().numpy() > 0
    fall_F = np.full(len(reading.items.names), np.nan)
    own = reading.items(reading.number([reading.item]))
    for place, name in enumerate(reading.items.names[1:], start=1):
        others = drawn[has_NF[:, place]][:_OTHERS]
        if len(others):
            number_N = reading.number(np.full(len(others), reading.item))
            made = reading.items.fused(number_N, instead={name: reading.number(others)})
            fall_F[place] = -reading.changes(torch.cat([own, made.y_RD])).mean()
    return fall_F


def _items_of(scorer: Scorer[Any]) -> ItemEncoder | None:
    if not isinstance(scorer, EncoderScorer | BlendScorer):
        return None
    items = getattr(scorer.encoder, "items", None)
    return items if isinstance(items, ItemEncoder) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A scorer that reads attributes, and what it is asked about."""

    scorer: Scorer[Any]
    network: EncoderScorer
    share: float
    items: ItemEncoder
    history: Histories
    item: int
    known_V: np.ndarray

    @classmethod
    def of(cls, scorer: Scorer[Any], history: Histories, item: int, *, known_V: np.ndarray) -> _Reading:
        assert len(history) == 1
        assert history.num_events > 0
        assert known_V[item]
        items = _items_of(scorer)
        network = scorer.scorer if isinstance(scorer, BlendScorer) else scorer
        assert isinstance(network, EncoderScorer)
        assert items is not None
        return cls(
            scorer=scorer,
            network=network,
            share=scorer.blend.weights.model if isinstance(scorer, BlendScorer) else 1.0,
            items=items,
            history=history,
            item=item,
            known_V=known_V,
        )

    def number(self, items: Sequence[int] | np.ndarray) -> Tensor:
        return torch.as_tensor(np.asarray(items, dtype=np.int64), device=self.items.trained_V.device)

    def table(self, vector_ND: Tensor) -> Catalogue:
        """Return a catalogue of vectors that are compared with states as those of the items are."""
        unit = self.network.catalogue.unit
        return Catalogue(weight_PD=vector_ND, bias_P=None, size=len(vector_ND), unit=unit)

    def changes(self, vector_ND: Tensor) -> np.ndarray:
        """Return ``[N - 1]``: how far the log-probability rises with another vector than the first."""
        query = self.scorer.query(PackedBatch.of(self.history))
        states_1D = query.states_UD if isinstance(query, BlendQuery) else query
        score_N = self.table(vector_ND).scores(states_1D, 0, len(vector_ND))[0].double().cpu()
        standing = self.standing(query, users=1)
        own_N = standing.own_U + self.share * (score_N - score_N[0])
        log_probability_N = standing.log_probability(own_N)
        return np.asarray(log_probability_N[1:] - log_probability_N[0])

    def standing(self, query: Any, *, users: int) -> Standing:
        return standing_of(self.scorer, query, self.item, known_V=self.known_V, users=users)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """The N distinct items of the history, as they are and without each field.

    Row n of the table is item n as it is, row (1 + f) N + n is item n without field f.
    """

    reading: _Reading
    place_E: np.ndarray
    weight_EF: np.ndarray
    table: Catalogue

    @classmethod
    def of(cls, reading: _Reading) -> _Past:
        distinct, place_E = np.unique(reading.history.items_of(0), return_inverse=True)
        number_N = reading.number(distinct)
        plain = reading.items.fused(number_N)
        fields = range(len(reading.items.names))
        variants = [reading.items.fused(number_N, without=field).y_RD for field in fields]
        return cls(
            reading=reading,
            place_E=place_E,
            weight_EF=plain.weight_RF.double().cpu().numpy()[place_E],
            table=reading.table(torch.cat([plain.y_RD, *variants])),
        )

    def has(self, field: int, event: int | None) -> bool:
        """Tell whether the event, or any, has a value in the field."""
        weight_E = self.weight_EF[:, field]
        return bool((weight_E if event is None else weight_E[event : event + 1]).any())

    def falls(self, asked: Sequence[tuple[int, int | None]]) -> dict[tuple[int, int | None], float]:
        """Return by how much the log-probability falls without a field of all events, or of one event."""
        distinct = self.place_E.max() + 1
        row_UE = np.tile(self.place_E, (1 + len(asked), 1))
        for row_E, (field, event) in zip(row_UE[1:], asked, strict=True):
            which = slice(None) if event is None else event
            row_E[which] += (1 + field) * distinct
        step = max(1, _EVENTS_AT_ONCE // len(self.place_E))
        parts = [self._log_probability(row_UE[first : first + step]) for first in range(0, len(row_UE), step)]
        whole, *without = np.concatenate(parts)
        return {one: float(whole - other) for one, other in zip(asked, without, strict=True)}

    def _log_probability(self, row_UE: np.ndarray) -> np.ndarray:
        """Return ``[U]`` log-probabilities for histories of rows of the table."""
        reading, users = self.reading, len(row_UE)
        repeated = PackedBatch.of(reading.history.take(np.zeros(users, dtype=np.int64)))
        batch = replace(repeated, item_T=torch.from_numpy(row_UE.reshape(-1)))
        query: Any = reading.network.states(batch, self.table)
        if isinstance(reading.scorer, BlendScorer):
            sums = reading.scorer.query(PackedBatch.of(reading.history)).sums_UC
            query = BlendQuery(states_UD=query, sums_UC=None if sums is None else sums.expand(users, -1))
        standing = reading.standing(query, users=users)
        return standing.log_probability(standing.own_U)
