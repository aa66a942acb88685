"""Which events a model is asked for, where a log has several types of them: views, carts, purchases.

Histories always hold the events of all types. What is *asked* in training, validation and test are the
events of the target types alone, each with the weight of its type in the loss. An event whose type is not
known (a null in the log, a bare history) is no target where target types are named.

"Seen" follows the target: by default an item that a user has only viewed may still be recommended for
purchase, one that was purchased may not. It does not know how a log is cut (`regard.data.split`).

Shape letters: T events, U users, Y event types.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Self

import numpy as np
import pydantic

from regard.config import Config
from regard.data.histories import Histories
from regard.data.vocab import Vocab
from regard.errors import ConfigError

__all__ = ["EVENT_TYPE", "TargetSpec", "Targets", "last_targets", "until_last_target"]

EVENT_TYPE: Final = "event_type"
_BLOCK = 1 << 20  # events in memory at once


class TargetSpec(Config):
    """Which types of events are asked for.

    Attributes
    ----------
    types
        Names of the target types as they stand in the log; none: every event is asked for.
    weights
        What an event of a type counts in the loss, above zero; 1 for types that are not named. Validation
        asks for the types of greatest weight alone (`regard.train.examples`); the test counts all alike.
    seen
        Which events make an item one that the user has had, so that lists leave it out: ``"target"``, those
        of the target types (and of unknown type, so that the items of a bare history are left out as ever);
        ``"any"``.

    Examples
    --------
    >>> TargetSpec.parse("purchase,cart", ["cart=0.2"])
    TargetSpec(types=('purchase', 'cart'), weights={'cart': 0.2}, seen='target')
    """

    types: tuple[str, ...] = ()
    weights: dict[str, float] = pydantic.Field(default_factory=dict)
    seen: Literal["target", "any"] = "target"

    @pydantic.model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        """Take names of types for a specification, so that a setting can be written ``target=purchase``."""
        names = [given] if isinstance(given, str) else given
        if not isinstance(names, list | tuple):
            return given
        return {"types": tuple(part.strip() for name in names for part in str(name).split(","))}

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.types)) < len(self.types) or "" in self.types:
            raise ValueError("name each target type once")
        if any(not weight > 0 for weight in self.weights.values()):
            raise ValueError("a weight must be above zero; to leave a type out, do not name it as a target")
        idle = [name for name in self.weights if self.types and name not in self.types]
        if idle:
            raise ValueError(f"a weight is given for {idle[0]!r}, which is no target type; name it as one")
        return self

    @classmethod
    def parse(cls, target: str | Sequence[str] | None, weights: Sequence[str] = ()) -> Self:
        """Make it from what a command line gives: ``"purchase,cart"`` and ``["cart=0.2"]``.

        Raises
        ------
        ConfigError
            If a weight is not written as ``type=number``, or does not fit the types.
        """
        names = [target] if isinstance(target, str) else list(target or ())
        types = [part.strip() for name in names for part in name.split(",")]
        numbers: dict[str, Any] = {}
        for pair in (part for given in weights for part in given.split(",")):
            name, equals, number = pair.rpartition("=")
            if not equals or not name.strip():
                raise ConfigError(f"--type-weight {pair!r}: write it as type=weight, as in view=0.2")
            numbers[name.strip()] = number.strip()
        return cls(types=tuple(types), weights=numbers)

    @classmethod
    def of(cls, target: TargetSpec | str | Sequence[str] | None) -> TargetSpec:
        """Return a specification as it is; make one of names of types."""
        return target if isinstance(target, TargetSpec) else cls.parse(target)

    def resolve(self, histories: Histories, event_types: Vocab | None) -> Targets | None:
        """Look the types up in a log and its vocabulary of types; None if every event is asked for alike.

        Raises
        ------
        ConfigError
            If the log has no event types, or not one that is named: the nearest one, and those that there are
            with their counts, are named.
        """
        if not self.types and not self.weights:
            return None
        vocab = event_types
        if vocab is None or EVENT_TYPE not in histories.fields:
            raise ConfigError(
                f"target {', '.join(self.types) or 'weights'}: the log has no column of event types; name it "
                "with columns={'event_type': ...} or --columns event_type=..."
            )
        named = list(dict.fromkeys((*self.types, *self.weights)))
        number = dict(zip(named, vocab.encode(named).tolist(), strict=True))
        unknown = [name for name in named if number[name] < 0]
        if unknown:
            raise ConfigError(_unknown_type(unknown[0], histories, vocab))
        weight_Y1 = np.full(len(vocab) + 1, 0.0 if self.types else 1.0, dtype=np.float32)
        for name in named:
            weight_Y1[number[name]] = self.weights.get(name, 1.0)
        seen_Y1 = (weight_Y1 > 0) | (np.arange(len(vocab) + 1) == len(vocab))
        return Targets(
            names=self.types,
            weight_Y1=weight_Y1,
            seen_Y1=seen_Y1 if self.seen == "target" else seen_Y1 | True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Target types by number; the last place of each array is that of -1, an unknown type.

    Parameters
    ----------
    names
        Of the target types, for messages; none if all are.
    weight_Y1
        ``[Y + 1]`` float32: what an event of each type counts in the loss, zero if it is not asked for.
    seen_Y1
        ``[Y + 1]`` bool: whether an event of each type makes its item one that the user has had.
    """

    names: tuple[str, ...]
    weight_Y1: np.ndarray
    seen_Y1: np.ndarray

    @property
    def alike(self) -> bool:
        """Whether all target types count 1 in the loss."""
        return bool(np.isin(self.weight_Y1, (0.0, 1.0)).all())

    def greatest(self) -> Targets | None:
        """Return the target types of greatest weight alone; what makes an item seen stays.

        None where all target types have the same weight.
        """
        most = self.weight_Y1.max()
        if bool(np.isin(self.weight_Y1, (0.0, most)).all()):
            return None
        return replace(self, weight_Y1=np.where(self.weight_Y1 == most, most, np.float32(0.0)))

    def asked(self, histories: Histories, events: np.ndarray) -> np.ndarray:
        """Return ``[T]`` bool: which of `events` (places in the flat arrays) are of a target type."""
        marked: np.ndarray = self.weight_Y1[histories.fields[EVENT_TYPE][events]] > 0
        return marked

    def had(self, histories: Histories, events: np.ndarray) -> np.ndarray:
        """Return ``[T]`` bool: which of `events` make their items seen; all where no types are known."""
        if EVENT_TYPE not in histories.fields:
            return np.ones(len(events), dtype=bool)
        marked: np.ndarray = self.seen_Y1[histories.fields[EVENT_TYPE][events]]
        return marked


def last_targets(histories: Histories, targets: Targets | None) -> np.ndarray:
    """Return ``[U]`` int64: the place of each user's last target in the flat arrays; -1 for none.

    Examples
    --------
    >>> last_targets(Histories.of([[3, 1], [], [2]]), None).tolist()
    [1, -1, 2]
    """
    if targets is None:
        return np.where(histories.lengths > 0, histories.stop - 1, -1)
    last, first = np.full(len(histories), -1, dtype=np.int64), 0
    for block in histories.blocks(_BLOCK):
        events = block.events()
        marked = targets.asked(block, events)
        last[first + block.rows()[marked]] = events[marked]  # of several, the last is written last
        first += len(block)
    return last


def until_last_target(histories: Histories, targets: Targets | None) -> Histories:
    """Return the same users without what came after their last target: nothing later is ever asked."""
    if targets is None:
        return histories
    last = last_targets(histories, targets)
    return replace(histories, stop=np.where(last < 0, histories.start, last + 1))


def _unknown_type(name: str, histories: Histories, vocab: Vocab) -> str:
    names = [str(known) for known in vocab.ids.to_list()]
    counts = np.zeros(len(names) + 1, dtype=np.int64)
    for block in histories.blocks(_BLOCK):
        code = block.of_events(block.fields[EVENT_TYPE])
        counts += np.bincount(np.where(code < 0, len(names), code), minlength=len(counts))
    there = ", ".join(
        f"{names[place]} ({counts[place]:,})" for place in np.argsort(-counts[:-1], kind="stable")
    )
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"there is no event type {name!r}{hint}; the log has: {there}"
