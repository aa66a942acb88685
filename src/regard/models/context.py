"""Context of a history: fields of its events, the calendar, attributes of its user, as vectors to be added.

The fields and the calendar of an event are added to that event. When the next item is asked for is added to
the event before it, as the wait is (`CausalModel`): the time of a request reaches the last state alone.
Attributes of the user are fused like an item's (`regard.models.items`) into one vector that is added to every
event. It knows no loss; what the fields of a log are is told by `ContextSpec`.

Shape letters: T events, U users, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from regard.config import Config
from regard.data.columns import Column, columns_of_arrays, columns_to_arrays
from regard.data.packing import NO_TIME, PackedBatch
from regard.errors import ConfigError
from regard.models.items import ItemConfig, ItemEncoder, ItemFeatures
from regard.nn.context import CalendarEmbedding, EventFields

__all__ = ["Context", "ContextConfig", "ContextSpec", "next_times"]

_HIDDEN = 0.1  # of what is known, in training, so that bare histories and requests are not foreign
_SCALE = 0.02
_CATEGORY, _NUMBER, _USER = "category.", "number.", "user."


class ContextConfig(Config):
    """What is read of an event beside its item.

    Attributes
    ----------
    event_fields
        Names of the fields; None: all that the log was read with (further columns have to be asked for) and
        the type of an event, where there are several. Weights and sessions are not read.
    calendar
        Whether hour and weekday of an event are read, and those at which the next item is asked for.
    user_attributes
        Whether the table of users is read.
    """

    event_fields: tuple[str, ...] | None = None
    calendar: bool = False
    user_attributes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextSpec:
    """What a log has beside items and times, as sizes that a model is built from.

    Parameters
    ----------
    categories
        By field, ``[C + 1]`` int64: the number of each code, 1 and up; 0 for one that training did not know,
        and in the last place, for a missing value.
    numbers
        By field, ``[B + 1]`` float32 ascending edges.
    users
        Attributes of the users, U rows each.
    """

    categories: Mapping[str, np.ndarray] = field(default_factory=dict)
    numbers: Mapping[str, np.ndarray] = field(default_factory=dict)
    users: Mapping[str, Column] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the names, for JSON; `arrays` has the rest."""
        return {name: list(getattr(self, name)) for name in ("categories", "numbers", "users")}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what `from_json` wants back, by name."""
        return (
            {f"{_CATEGORY}{name}": own for name, own in self.categories.items()}
            | {f"{_NUMBER}{name}": edge for name, edge in self.numbers.items()}
            | {f"{_USER}{name}": array for name, array in columns_to_arrays(self.users).items()}
        )

    @classmethod
    def from_json(cls, names: Mapping[str, list[str]], arrays: Mapping[str, np.ndarray]) -> ContextSpec:
        """Make it from what `to_json` and `arrays` returned."""
        users = {k.removeprefix(_USER): array for k, array in arrays.items() if k.startswith(_USER)}
        return cls(
            categories={name: arrays[f"{_CATEGORY}{name}"] for name in names["categories"]},
            numbers={name: arrays[f"{_NUMBER}{name}"] for name in names["numbers"]},
            users=columns_of_arrays(names["users"], users),
        )


class Context(nn.Module):
    """Adds what is known of events and users to the vectors of a batch.

    Parameters
    ----------
    config
        What is read.
    spec
        What there is.
    width
        D.

    Raises
    ------
    ConfigError
        If a field is named that the log does not have.

    Examples
    --------
    >>> from regard.data.histories import Histories
    >>> context = Context(ContextConfig(calendar=True), ContextSpec(), 8)
    >>> context(PackedBatch.of(Histories.of([[3, 1], [5]]))).shape
    torch.Size([3, 8])
    """

    def __init__(self, config: ContextConfig, spec: ContextSpec, width: int) -> None:
        super().__init__()
        self.spec = spec
        names = _chosen(config, spec)
        categories = {n: torch.from_numpy(own).long() for n, own in spec.categories.items() if n in names}
        numbers = {n: torch.from_numpy(edge) for n, edge in spec.numbers.items() if n in names}
        self.fields = EventFields(categories, numbers, width) if names else None
        self.calendar = CalendarEmbedding(width, hidden=_HIDDEN) if config.calendar else None
        self.asked = CalendarEmbedding(width, hidden=_HIDDEN) if config.calendar else None
        self.users = _Users(spec.users, width) if config.user_attributes and spec.users else None

    @property
    def silent(self) -> bool:
        """Whether there is nothing to add."""
        return self.fields is None and self.calendar is None and self.users is None

    def forward(self, batch: PackedBatch) -> Tensor:
        """Return ``[T, D]``, to be added to the vectors of the events."""
        parts = []
        if self.fields is not None:
            parts.append(self.fields(batch.fields, shown_T=self._shown(batch)))
        if self.calendar is not None and self.asked is not None:
            parts += [self.calendar(batch.time_T), self.asked(next_times(batch))]
        if self.users is not None:
            parts.append(_spread(self.users(batch.user_U), batch))
        total: Tensor = sum(parts[1:], start=parts[0])
        return total

    def _shown(self, batch: PackedBatch) -> Tensor:
        """Return ``[T]`` bool: training hides the fields of whole histories, as a bare one has none."""
        shown_U = torch.ones(batch.num_users, dtype=torch.bool, device=batch.item_T.device)
        if self.training:
            shown_U = torch.rand(batch.num_users, device=batch.item_T.device) >= _HIDDEN
        return _spread(shown_U, batch)


class _Users(nn.Module):
    """One vector for each user's attributes; unknown users and those without share one that is learned."""

    described_U: Tensor

    def __init__(self, columns: Mapping[str, Column], width: int) -> None:
        super().__init__()
        size = len(next(iter(columns.values())))
        features = ItemFeatures(columns=columns, trained_V=np.zeros(size, dtype=bool))
        self.attributes = ItemEncoder(ItemConfig(ids=False), features, width, scale=_SCALE)
        self.register_buffer("described_U", torch.from_numpy(features.described), persistent=False)
        self.nobody = nn.Parameter(torch.randn(width) * _SCALE)

    def forward(self, user_U: Tensor) -> Tensor:
        number_U = user_U.clamp(min=0)
        shown_U = (user_U >= 0) & self.described_U[number_U]
        if self.training:
            shown_U &= torch.rand(len(user_U), device=user_U.device) >= _HIDDEN
        vector_UD = self.attributes(number_U)
        return torch.where(shown_U[:, None], vector_UD, self.nobody.to(vector_UD.dtype))


def next_times(batch: PackedBatch) -> Tensor:
    """Return ``[T]`` microseconds: when the item after each event was, or is, asked for; or `NO_TIME`.

    Between two events of a history that is when the second happened.
    """
    next_T = batch.time_T.roll(-1)
    some_U = batch.lengths > 0
    last_U = batch.offsets[1:][some_U] - 1
    next_T[last_U] = NO_TIME if batch.asked_U is None else batch.asked_U[some_U]
    return next_T


def _spread(value_U: Tensor, batch: PackedBatch) -> Tensor:
    return torch.repeat_interleave(value_U, batch.lengths, dim=0, output_size=batch.num_events)


def _chosen(config: ContextConfig, spec: ContextSpec) -> tuple[str, ...]:
    there = (*spec.categories, *spec.numbers)
    if config.event_fields is None:
        return there
    missing = [name for name in config.event_fields if name not in there]
    if missing:
        raise ConfigError(
            f"event_fields: the log was read without {missing[0]!r}; it has: {', '.join(there) or 'none'}. "
            "Name the column with columns={'event_fields': [...]} or --event-field"
        )
    return config.event_fields
