"""Context: what an event brings beside its item, as vectors that are added to it.

`CalendarEmbedding` knows the hour and the weekday of a time; `EventFields` the type of an event, its
categories and its numbers. Whatever is missing has a vector of its own that is learned: training hides known
values at random, so that bare histories and requests without a time are not foreign. It knows no data set.

Shape letters: T events, D width, C codes of a category, B pieces of a number's range.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from regard.nn.fields import NumberField

__all__ = ["CalendarEmbedding", "EventFields", "calendar_classes"]

_SCALE = 0.02
_HOUR = 3_600 * 1_000_000  # microseconds
_THURSDAY = 3  # 1970-01-01, counted from Monday
_NO_TIME = torch.iinfo(torch.int64).min


def calendar_classes(time_T: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``[T]`` classes of hours (1 to 24) and of weekdays (1, Monday, to 7); 0 where not known.

    Parameters
    ----------
    time_T
        ``[T]`` int64 microseconds since 1970 (UTC); the least int64 stands for a time that is not known.

    Examples
    --------
    >>> day, unknown = 24 * 3_600 * 1_000_000, torch.iinfo(torch.int64).min
    >>> hour_T, weekday_T = calendar_classes(torch.tensor([0, -1, 4 * day + day // 2, unknown]))
    >>> hour_T.tolist(), weekday_T.tolist()
    ([1, 24, 13, 0], [4, 3, 1, 0])
    """
    known_T = time_T != _NO_TIME
    hour_T = torch.div(torch.where(known_T, time_T, 0), _HOUR, rounding_mode="floor")
    weekday_T = (torch.div(hour_T, 24, rounding_mode="floor") + _THURSDAY) % 7
    return (hour_T % 24 + 1) * known_T, (weekday_T + 1) * known_T


class CalendarEmbedding(nn.Module):
    """A vector for the hour of the day and one for the weekday, added up.

    Parameters
    ----------
    width
        D.
    hidden
        Share of known times that training hides.

    Examples
    --------
    >>> CalendarEmbedding(4)(torch.tensor([0, 10**15])).shape
    torch.Size([2, 4])
    """

    def __init__(self, width: int, *, hidden: float = 0.0) -> None:
        super().__init__()
        self.hidden = hidden
        self.hour = nn.Parameter(torch.empty(1 + 24, width))
        self.weekday = nn.Parameter(torch.empty(1 + 7, width))
        nn.init.normal_(self.hour, std=_SCALE)
        nn.init.normal_(self.weekday, std=_SCALE)

    def forward(self, time_T: Tensor) -> Tensor:
        """Return ``[T, D]`` for ``[T]`` microseconds; see `calendar_classes`."""
        hour_T, weekday_T = calendar_classes(time_T)
        if self.training and self.hidden > 0:
            shown_T = torch.rand(time_T.shape, device=time_T.device) >= self.hidden
            hour_T, weekday_T = hour_T * shown_T, weekday_T * shown_T
        return F.embedding(hour_T, self.hour) + F.embedding(weekday_T, self.weekday)


class EventFields(nn.Module):
    """The sum of one vector for each field of an event.

    Numbers are embedded by pieces of their range (`regard.nn.fields.NumberField`).

    Parameters
    ----------
    categories
        By field, ``[C + 1]`` int64: what each code is called here, 1 and up; 0 for one that is not known. The
        last place is that of code -1, a missing value.
    numbers
        By field, ``[B + 1]`` ascending edges.
    width
        D.

    Examples
    --------
    >>> fields = EventFields({"type": torch.tensor([1, 2, 0])}, {"price": torch.tensor([0.0, 1.0, 9.0])}, 4)
    >>> event = {"type": torch.tensor([1, -1]), "price": torch.tensor([torch.nan, 3.0])}
    >>> fields(event, shown_T=torch.tensor([True, True])).shape
    torch.Size([2, 4])
    """

    def __init__(self, categories: Mapping[str, Tensor], numbers: Mapping[str, Tensor], width: int) -> None:
        super().__init__()
        self.categories, self.numbers = tuple(categories), tuple(numbers)
        self.code = nn.ParameterList(torch.empty(int(own.max()) + 1, width) for own in categories.values())
        self.number = nn.ModuleList(NumberField(edge, width, scale=_SCALE) for edge in numbers.values())
        self.missing = nn.ParameterList(torch.empty(width) for _ in numbers)
        for parameter in (*self.code, *self.missing):
            nn.init.normal_(parameter, std=_SCALE)
        for place, own in enumerate(categories.values()):
            self.register_buffer(_own(place), own, persistent=False)

    def forward(self, fields: Mapping[str, Tensor], *, shown_T: Tensor) -> Tensor:
        """Return ``[T, D]``; a field that is not there, or an event that is not shown, is missing.

        Parameters
        ----------
        fields
            By name, ``[T]`` integer codes (-1 missing) or floats (NaN missing).
        shown_T
            ``[T]`` bool.
        """
        parts = []
        for place, name in enumerate(self.categories):
            if name in fields:
                code_T = self.get_buffer(_own(place))[fields[name].long()] * shown_T
            else:
                code_T = torch.zeros_like(shown_T, dtype=torch.int64)
            parts.append(F.embedding(code_T, self.code[place]))
        for name, embed, missing_D in zip(self.numbers, self.number, self.missing, strict=True):
            if name in fields:
                rows = embed(fields[name])
                seen_T1 = (rows.present_R & shown_T)[:, None]
                parts.append(torch.where(seen_T1, rows.value_RD, missing_D.to(rows.value_RD.dtype)))
            else:
                parts.append(missing_D.expand(len(shown_T), -1))
        total: Tensor = sum(parts[1:], start=parts[0])
        return total


def _own(place: int) -> str:
    return f"own{place}"
