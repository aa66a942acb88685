"""Laws of a model that reads context: causal, alone as in a batch, finite where nothing is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from regard.data.columns import Codes, Numbers
from regard.data.histories import Histories
from regard.data.packing import NO_TIME, PackedBatch
from regard.errors import ConfigError
from regard.models.causal import CausalConfig, CausalModel
from regard.models.context import Context, ContextConfig, ContextSpec, next_times

HOUR = 3_600 * 1_000_000
SPEC = ContextSpec(
    categories={"event_type": np.array([1, 2, 0]), "device": np.array([1, 2, 3, 0])},
    numbers={"price": np.array([0.0, 1.0, 5.0], dtype=np.float32)},
    users={
        "country": Codes(code_R=np.array([2, 3, 0], dtype=np.int32), size=4),
        "age": Numbers(
            value_R=np.array([20, 30, np.nan], dtype=np.float32), edge_B1=np.array([0, 99], dtype=np.float32)
        ),
    },
)
EVERYTHING = ContextConfig(calendar=True, user_attributes=True)
LENGTHS = (4, 1, 3)


@pytest.fixture
def model() -> CausalModel:
    torch.manual_seed(0)
    config = CausalConfig(width=16, max_length=8, gaps=True, request_time=True, context=EVERYTHING)
    made = CausalModel(config, num_items=20, context=SPEC)
    with torch.no_grad():  # context speaks as loudly as items, so that the laws see it
        for parameter in made.context.parameters():
            parameter.normal_()
    return made.eval()


def histories(*, asked: int | None = 500 * HOUR) -> Histories:
    rng, total = np.random.default_rng(0), sum(LENGTHS)
    times = [(10 * HOUR * np.arange(length)).tolist() for length in LENGTHS]
    made = Histories.of([rng.integers(0, 20, length).tolist() for length in LENGTHS], times).of_users()
    return replace(
        made,
        fields={
            "event_type": rng.integers(-1, 2, total).astype(np.int32),
            "device": rng.integers(-1, 3, total).astype(np.int32),
            "price": np.where(rng.random(total) < 0.3, np.nan, rng.random(total) * 5).astype(np.float32),
            "weight": np.ones(total, dtype=np.float32),
        },
        asked=None if asked is None else np.full(len(LENGTHS), asked),
    )


def states(model: CausalModel, given: Histories) -> torch.Tensor:
    return model.encode(PackedBatch.of(given)).states_TD


def test_packed_equals_one_user_at_a_time(model: CausalModel) -> None:
    together = states(model, histories()).split(LENGTHS)
    for user, of_user in enumerate(together):
        torch.testing.assert_close(states(model, histories().take(np.array([user]))), of_user)


def test_the_last_states_are_those_of_the_whole(model: CausalModel) -> None:
    batch = PackedBatch.of(histories())
    torch.testing.assert_close(model.encode_last(batch), model.encode(batch).states_TD[batch.offsets[1:] - 1])


@pytest.mark.parametrize("name", ["event_type", "device", "price"])
def test_no_state_comes_from_a_later_event(model: CausalModel, name: str) -> None:
    before, changed = histories().take(np.array([0])), histories().take(np.array([0]))
    column = changed.fields[name].copy()
    column[2] = 1 - column[2] if name != "price" else 4.5
    if name == "event_type":
        column[2] = 1 if before.fields[name][2] != 1 else 0
    changed = replace(changed, fields={**changed.fields, name: column})
    one, other = states(model, before), states(model, changed)
    torch.testing.assert_close(one[:2], other[:2])
    assert not torch.allclose(one[2:], other[2:])


def test_no_gradient_comes_from_a_later_event(model: CausalModel) -> None:
    batch = PackedBatch.of(histories().take(np.array([0])))
    price = batch.fields["price"].nan_to_num(0.5).requires_grad_()
    batch = replace(batch, fields={**batch.fields, "price": price})
    (model.encode(batch).states_TD[1] * torch.arange(16)).sum().backward()
    assert price.grad is not None
    assert (price.grad[2:] == 0).all()
    assert (price.grad[:2] != 0).any()


@pytest.mark.parametrize("asked", [None, 511 * HOUR, 900 * HOUR])
def test_the_time_of_a_request_changes_the_last_state_alone(model: CausalModel, asked: int | None) -> None:
    one = states(model, histories()).split(LENGTHS)
    other = states(model, histories(asked=asked)).split(LENGTHS)
    for first, second in zip(one, other, strict=True):
        torch.testing.assert_close(first[:-1], second[:-1])
        assert not torch.allclose(first[-1], second[-1])


def test_what_comes_next_happened_when_it_was_asked_for() -> None:
    batch = PackedBatch.of(histories())
    assert next_times(batch).tolist() == [
        *(10 * HOUR, 20 * HOUR, 30 * HOUR, 500 * HOUR), 500 * HOUR, *(10 * HOUR, 20 * HOUR, 500 * HOUR)
    ]  # fmt: skip
    assert next_times(PackedBatch.of(histories(asked=None)))[4] == NO_TIME


def test_a_bare_history_is_finite_and_differs_from_a_known_one(model: CausalModel) -> None:
    given = histories()
    bare = replace(given, fields={}, user=None, asked=None, time=np.full(sum(LENGTHS), NO_TIME))
    out = states(model, bare)
    assert out.isfinite().all()
    assert not torch.allclose(out, states(model, given))


def test_attributes_of_the_user_reach_every_state(model: CausalModel) -> None:
    given = histories()
    for user in range(2):  # the third has no attributes
        known, other = (
            given.take(np.array([user])),
            replace(given.take(np.array([user])), user=np.array([1 - user])),
        )
        assert not torch.isclose(states(model, known), states(model, other)).all(dim=1).any()
    nobody = replace(given.take(np.array([2])), user=np.array([-1]))
    torch.testing.assert_close(states(model, nobody), states(model, given.take(np.array([2]))))


def test_fields_that_are_not_chosen_are_not_read() -> None:
    context = Context(ContextConfig(event_fields=("price",)), SPEC, 8).eval()
    given = histories()
    other = replace(given, fields={**given.fields, "device": np.zeros_like(given.fields["device"])})
    assert torch.equal(context(PackedBatch.of(given)), context(PackedBatch.of(other)))
    assert Context(ContextConfig(event_fields=()), SPEC, 8).silent
    with pytest.raises(
        ConfigError, match="the log was read without 'colour'; it has: event_type, device, price"
    ):
        Context(ContextConfig(event_fields=("colour",)), SPEC, 8)


def test_the_specification_goes_through_json_and_arrays() -> None:
    again = ContextSpec.from_json(SPEC.to_json(), SPEC.arrays())
    assert again.to_json() == SPEC.to_json()
    for name, array in SPEC.arrays().items():
        assert np.array_equal(again.arrays()[name], array, equal_nan=array.dtype.kind == "f")
