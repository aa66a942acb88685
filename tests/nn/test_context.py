"""What is missing has a vector of its own; what is known is the same wherever it stands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import torch

from regard.nn.context import CalendarEmbedding, EventFields, calendar_classes

UNKNOWN = torch.iinfo(torch.int64).min


@pytest.mark.parametrize(
    "written", ["2011-12-09T08:26", "1969-07-20T20:17", "2024-02-29T23:59", "1970-01-01T00:00"]
)
def test_the_calendar_is_that_of_utc(written: str) -> None:
    moment = datetime.fromisoformat(written).replace(tzinfo=UTC)
    micros = torch.tensor([round(moment.timestamp()) * 1_000_000])
    hour, weekday = calendar_classes(micros)
    assert (int(hour), int(weekday)) == (moment.hour + 1, moment.weekday() + 1)


def test_times_of_the_same_hour_a_week_apart_are_alike_and_an_unknown_one_is_not() -> None:
    calendar = CalendarEmbedding(4).eval()
    week = 7 * 24 * 3_600 * 1_000_000
    first, second, unknown = calendar(torch.tensor([10**15, 10**15 + week, UNKNOWN]))
    assert torch.equal(first, second)
    assert not torch.equal(first, unknown)


def test_training_hides_times() -> None:
    calendar = CalendarEmbedding(4, hidden=0.5)
    rows = calendar(torch.full((200,), 10**15))
    assert len(rows.unique(dim=0)) == 2
    assert len(calendar.eval()(torch.full((200,), 10**15)).unique(dim=0)) == 1


@pytest.fixture
def fields() -> EventFields:
    """A type whose code 1 training did not know, and a price."""
    torch.manual_seed(0)
    return EventFields({"type": torch.tensor([1, 0, 2, 0])}, {"price": torch.tensor([0.0, 1.0, 9.0])}, 4)


def test_missing_unknown_and_hidden_values_are_one(fields: EventFields) -> None:
    event = {"type": torch.tensor([-1, 1, 2]), "price": torch.tensor([torch.nan, torch.nan, 3.0])}
    rows = fields(event, shown_T=torch.tensor([True, True, False]))
    nothing = fields({}, shown_T=torch.tensor([True, True, True]))
    assert torch.equal(rows, nothing)


def test_known_values_differ(fields: EventFields) -> None:
    event = {"type": torch.tensor([0, 2, 0]), "price": torch.tensor([1.0, 1.0, 3.0])}
    assert len(fields(event, shown_T=torch.ones(3, dtype=torch.bool)).unique(dim=0)) == 3


def test_a_missing_number_has_no_gradient_that_is_not_finite(fields: EventFields) -> None:
    event = {"type": torch.tensor([0, 0]), "price": torch.tensor([torch.nan, 0.5])}
    fields(event, shown_T=torch.ones(2, dtype=torch.bool)).square().sum().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in fields.parameters())
