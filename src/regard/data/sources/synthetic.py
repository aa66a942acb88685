"""A synthetic world whose truth is known: what each user prefers, and which event causes which.

Items belong to groups, and each user has one preferred group: most of the user's items come from it, so
the items recommended should. Beside them there are pairs of a *cause* and its *effect*: whenever a cause
appears in a history, its effect follows after 0 to 4 other events, and an effect never appears without
its cause before it. So if an effect is recommended, an honest explanation names the cause first, and
not simply the last event. Nothing here knows a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import pydantic

from regard.config import Config

__all__ = ["PlantedHistories", "SyntheticWorld", "WorldConfig"]

_HOUR = 3_600
_FIRST_DAY = 1_700_000_000


class WorldConfig(Config):
    """Size and habits of a synthetic world.

    Attributes
    ----------
    users, groups, items_per_group, pairs
        How many users, groups of items, items in a group, pairs of cause and effect.
    min_events, max_events
        Events of a user.
    preference
        Share of the ordinary events that come from the preferred group; the rest from all groups.
    cause_rate
        Chance that an event is a cause while no effect is due.
    max_distractors
        At most this many events lie between a cause and its effect (uniformly 0 to this).
    """

    users: int = pydantic.Field(default=1_500, ge=2)
    groups: int = pydantic.Field(default=6, ge=2)
    items_per_group: int = pydantic.Field(default=30, ge=2)
    pairs: int = pydantic.Field(default=12, ge=1)
    min_events: int = pydantic.Field(default=16, ge=2)
    max_events: int = pydantic.Field(default=26, ge=2)
    preference: float = pydantic.Field(default=0.85, ge=0, le=1)
    cause_rate: float = pydantic.Field(default=0.15, ge=0, le=1)
    max_distractors: int = pydantic.Field(default=4, ge=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedHistories:
    """Histories that each hold exactly one cause whose effect is still due.

    Parameters
    ----------
    histories
        ``[n]`` lists of item ids, oldest first; none of them is in the world's events.
    effect
        ``[n]`` the item to recommend.
    cause
        ``[n]`` the item that the explanation must name first.
    position
        ``[n]`` where the cause stands in its history.
    group
        ``[n]`` the group that the user prefers.
    """

    histories: list[list[str]]
    effect: list[str]
    cause: list[str]
    position: list[int]
    group: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticWorld:
    """Events and items with the truth behind them.

    Parameters
    ----------
    events
        ``user_id``, ``item_id``, ``timestamp`` (seconds).
    items
        ``item_id``, ``title``, ``group`` (null for causes and effects).
    preferred
        The preferred group of each user.
    cause_of
        The cause of each effect.
    config
        What the world was made from.

    Examples
    --------
    >>> world = SyntheticWorld.make(WorldConfig(users=20), seed=3)
    >>> world.events["user_id"].n_unique(), len(world.cause_of)
    (20, 12)
    >>> planted = world.planted_histories(5, seed=1)
    >>> planted.histories[0][planted.position[0]] == planted.cause[0] == world.cause_of[planted.effect[0]]
    True
    """

    events: pl.DataFrame
    items: pl.DataFrame
    preferred: Mapping[str, str]
    cause_of: Mapping[str, str]
    config: WorldConfig

    @classmethod
    def make(cls, config: WorldConfig | None = None, *, seed: int = 0) -> SyntheticWorld:
        """Make a world; the same seed makes the same one."""
        chosen = config or WorldConfig()
        rng = np.random.default_rng([seed, 0])
        users, items, times, preferred = [], [], [], {}
        for number in range(chosen.users):
            user = f"user-{number:04d}"
            group = int(rng.integers(chosen.groups))
            preferred[user] = _group(group)
            history = _history(chosen, group, rng)
            start = _FIRST_DAY + int(rng.integers(60 * 24)) * _HOUR
            gaps = rng.integers(1, 48, size=len(history)) * _HOUR
            users += [user] * len(history)
            items += history
            times += (start + np.cumsum(gaps)).tolist()
        return cls(
            events=pl.DataFrame({"user_id": users, "item_id": items, "timestamp": times}),
            items=_items(chosen),
            preferred=preferred,
            cause_of={_effect(pair): _cause(pair) for pair in range(chosen.pairs)},
            config=chosen,
        )

    def planted_histories(self, count: int, *, seed: int = 0) -> PlantedHistories:
        """Make `count` fresh histories, each with one cause and 0 to 4 other events after it."""
        config, rng = self.config, np.random.default_rng([seed, 1])
        histories, pairs, positions, groups = [], [], [], []
        for _ in range(count):
            group, pair = int(rng.integers(config.groups)), int(rng.integers(config.pairs))
            before = int(rng.integers(4, max(5, config.min_events - config.max_distractors)))
            after = int(rng.integers(config.max_distractors + 1))
            draw = _Ordinary(config, group, rng)
            history = [draw.item() for _ in range(before)]
            history += [_cause(pair), *(draw.item() for _ in range(after))]
            histories.append(history)
            pairs.append(pair)
            positions.append(before)
            groups.append(_group(group))
        return PlantedHistories(
            histories=histories,
            effect=[_effect(pair) for pair in pairs],
            cause=[_cause(pair) for pair in pairs],
            position=positions,
            group=groups,
        )


class _Ordinary:
    """Draws the ordinary items of one user, each at most once."""

    def __init__(self, config: WorldConfig, group: int, rng: np.random.Generator) -> None:
        self._config, self._group, self._rng = config, group, rng
        self._seen: set[tuple[int, int]] = set()

    def item(self) -> str:
        config, rng = self._config, self._rng
        # A user who has seen the whole world starts again.
        if len(self._seen) == config.groups * config.items_per_group:
            self._seen.clear()
        while True:
            prefers = rng.random() < config.preference
            group = self._group if prefers else int(rng.integers(config.groups))
            left = [i for i in range(config.items_per_group) if (group, i) not in self._seen]
            if left:
                number = left[int(rng.integers(len(left)))]
                self._seen.add((group, number))
                return _item(group, number)
            if prefers and config.preference == 1:
                self._seen.clear()


def _history(config: WorldConfig, group: int, rng: np.random.Generator) -> list[str]:
    """Return the items of one user; every cause in it is followed by its effect."""
    draw, length = _Ordinary(config, group, rng), int(rng.integers(config.min_events, config.max_events + 1))
    unused = rng.permutation(config.pairs).tolist()
    history: list[str] = []
    while len(history) < length:
        if unused and rng.random() < config.cause_rate:
            pair = unused.pop()
            between = [draw.item() for _ in range(int(rng.integers(config.max_distractors + 1)))]
            history += [_cause(pair), *between, _effect(pair)]
        else:
            history.append(draw.item())
    return history


def _items(config: WorldConfig) -> pl.DataFrame:
    places = [(g, i) for g in range(config.groups) for i in range(config.items_per_group)]
    ordinary = [(_item(g, i), f"Item {i} of {_group(g)}", _group(g)) for g, i in places]
    causes = [(_cause(pair), f"Cause {pair}", None) for pair in range(config.pairs)]
    effects = [(_effect(pair), f"Effect {pair}", None) for pair in range(config.pairs)]
    return pl.DataFrame(
        ordinary + causes + effects,
        schema={"item_id": pl.String, "title": pl.String, "group": pl.String},
        orient="row",
    )


def _group(group: int) -> str:
    return f"group-{group}"


def _item(group: int, number: int) -> str:
    return f"item-{group}-{number:02d}"


def _cause(pair: int) -> str:
    return f"cause-{pair:02d}"


def _effect(pair: int) -> str:
    return f"effect-{pair:02d}"
