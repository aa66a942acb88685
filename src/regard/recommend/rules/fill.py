"""One pass that fills a list under all rules at once: pins stand, caps hold, the rest is the best candidate.

The worth of a candidate at a place is the sum over the rules that weigh what stands before it of
``(1 - strength) * relevance + strength * bonus``, or its relevance where no rule does. Places are filled from
the top, each with the candidate of most worth among those that no cap closes; equal worth keeps the order of
the candidates. Pins count in caps from the start, so that nothing before them uses up their share. The list
does not depend on the order of the rules. It does not know what rules mean.

Choosing one after another never misses a list that holds a single cap on an attribute with one value an item;
with several caps, or sets of values, it can miss one, and says so like an impossible one.

Shape letters: C candidates, G values of an attribute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from regard.recommend.rules.base import Asked, Capped, Effect, Order, Term

__all__ = ["fill"]


def fill(asked: Asked, effects: Sequence[Effect], *, k: int) -> Order:
    """Return the list of at most `k` candidates under some effects.

    Parameters
    ----------
    asked
        The candidates of one user.
    effects
        What the rules do to them.
    k
        Length of the list.
    """
    relevance, gone = _relevance(asked, effects), _gone(asked, effects)
    wanted = {
        number: effect.place
        for number, effect in enumerate(effects)
        if effect.pin is not None and not gone[effect.pin] and effect.place < k
    }
    length = min(k, len({*np.flatnonzero(~gone[: asked.ranked]), *(effects[n].pin for n in wanted)}))
    places = _pin_places(wanted, length)
    pinned = {place: _pin(effects[number]) for number, place in places.items()}
    caps = {n: _Counter(effect.cap) for n, effect in enumerate(effects) if effect.cap is not None}
    for cap in caps.values():
        for candidate in pinned.values():
            cap.take(candidate)
    terms = [(effect.strength, effect.term()) for effect in effects if effect.term is not None]
    open_C = ~gone
    open_C[asked.ranked :] = False  # a pinned item that is no candidate is there for its place alone
    open_C[list(pinned.values())] = False
    chosen: list[int] = []
    for place in range(length):
        best: int | None = pinned.get(place)
        if best is None:
            best = _best(open_C, caps, relevance, terms)
            if best is None:  # left empty: what is pinned further down moves up
                break
            for cap in caps.values():
                cap.take(best)
        open_C[best] = False
        chosen.append(best)
        for _, term in terms:
            term.take(best)
    chosen += [pinned[place] for place in sorted(pinned) if place >= len(chosen)]
    late = {n: chosen.index(_pin(effects[n])) for n in wanted}
    return Order(
        chosen=chosen,
        place_C=_places(chosen, relevance, gone, asked.ranked),
        pinned_late={n: place for n, place in late.items() if place != wanted[n]},
        over={n: names for n, cap in caps.items() if (names := cap.over())},
    )


class _Counter:
    """How many of each value a list holds."""

    def __init__(self, cap: Capped) -> None:
        self.cap = cap
        self.count_G = np.zeros(len(cap.names), dtype=np.int64)
        self.closed_C = np.zeros(len(cap.has_CG), dtype=np.bool_)

    def take(self, candidate: int) -> None:
        has_G = self.cap.has_CG[candidate]
        self.count_G += has_G
        full = np.flatnonzero(has_G & (self.count_G >= self.cap.most))
        if len(full):
            self.closed_C |= self.cap.has_CG[:, full].any(axis=1)

    def over(self) -> list[str]:
        return [self.cap.names[place] for place in np.flatnonzero(self.count_G > self.cap.most)]


def _best(
    open_C: np.ndarray,
    caps: Mapping[int, _Counter],
    relevance_C: np.ndarray,
    terms: Sequence[tuple[float, Term]],
) -> int | None:
    """Return the open candidate of most worth; where caps close all, one against those that give way."""
    allowed = open_C.copy()
    for cap in caps.values():
        allowed &= ~cap.closed_C
    if not allowed.any():
        allowed = open_C.copy()
        for cap in caps.values():
            if not cap.cap.fill:
                allowed &= ~cap.closed_C
        if not allowed.any():
            return None
        # As few caps as can be are broken.
        broken = np.sum([cap.closed_C for cap in caps.values()], axis=0)
        allowed &= broken == broken[allowed].min()
    worth = relevance_C
    if terms:
        worth = np.zeros(len(relevance_C))
        for strength, term in terms:
            worth += (1 - strength) * relevance_C + strength * term.bonus()
    return int(np.where(allowed, worth, -np.inf).argmax())


def _relevance(asked: Asked, effects: Sequence[Effect]) -> np.ndarray:
    relevance = asked.relevance_C.copy()
    for effect in effects:
        if effect.factor_C is not None:
            relevance *= effect.factor_C
    for effect in effects:
        if effect.boost_C is not None:
            relevance += effect.boost_C
    return relevance


def _gone(asked: Asked, effects: Sequence[Effect]) -> np.ndarray:
    gone = np.zeros(len(asked.item_C), dtype=np.bool_)
    for effect in effects:
        if effect.gone_C is not None:
            gone |= effect.gone_C
    return gone


def _pin(effect: Effect) -> int:
    assert effect.pin is not None
    return effect.pin


def _pin_places(wanted: Mapping[int, int], length: int) -> dict[int, int]:
    """Return the places of pins in a list that may be too short for them: then the last ones."""
    places, next_place = {}, length
    for number, place in sorted(wanted.items(), key=lambda one: -one[1]):
        next_place = min(place, next_place - 1)
        places[number] = next_place
    return places


def _places(chosen: list[int], relevance_C: np.ndarray, gone_C: np.ndarray, ranked: int) -> np.ndarray:
    rest = np.setdiff1d(np.flatnonzero(~gone_C[:ranked]), chosen)
    rest = rest[np.argsort(-relevance_C[rest], kind="stable")]
    place_C = np.zeros(len(gone_C), dtype=np.int64)
    place_C[chosen] = np.arange(1, len(chosen) + 1)
    place_C[rest] = np.arange(len(rest)) + len(chosen) + 1
    return place_C
