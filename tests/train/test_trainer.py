"""Training learns, repeats itself, stops cleanly, and resumes as if nothing had happened."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from regard.config import RunOptions
from regard.data.histories import Histories
from regard.data.loader import LoaderConfig, WindowLoader
from regard.data.target import Targets
from regard.errors import ResumeError, TrainingError
from regard.losses.base import LossSum
from regard.losses.negatives import NegativeSampler
from regard.losses.sampled import SampledSoftmax
from regard.losses.softmax import FullSoftmax
from regard.models.causal import CausalConfig, CausalModel
from regard.nn.heads import Catalogue
from regard.train.config import TrainConfig
from regard.train.hooks import EpochDone, Silent, StepDone
from regard.train.trainer import Trainer

ITEMS = 12


class Listener(Silent):
    """Keeps what it hears, and may act on a step."""

    def __init__(self, act: Callable[[StepDone], None] = lambda done: None) -> None:
        self.epochs: list[EpochDone] = []
        self.act = act

    def step(self, done: StepDone) -> None:
        self.act(done)

    def epoch(self, done: EpochDone) -> None:
        self.epochs.append(done)


def trainer(
    histories: Histories,
    *,
    seed: int = 0,
    loss: object = None,
    targets: Targets | None = None,
    **config: object,
) -> Trainer:
    torch.manual_seed(seed)
    model = CausalModel(CausalConfig(width=16, blocks=1, max_length=10), num_items=ITEMS)
    return Trainer(
        model,
        loader=WindowLoader(histories, LoaderConfig(window=8, batch_events=64), seed=seed),
        loss=loss or FullSoftmax(),  # type: ignore[arg-type]
        config=TrainConfig(**{"epochs": 4, "learning_rate": 1e-2, **config}),
        options=RunOptions(seed=seed, precision="float32"),
        targets=targets,
    )


def weights(trained: Trainer) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in trained.model.state_dict().items()}


def equal(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def test_it_learns_what_comes_next(histories: Histories) -> None:
    listener = Listener()
    trainer(histories, epochs=15).run(hooks=[listener])
    losses = [done.loss for done in listener.epochs]
    assert losses[0] > 2.0
    assert losses[-1] < 1.0


def test_the_same_seed_gives_the_same_weights_twice_and_another_seed_others(histories: Histories) -> None:
    runs = []
    for seed in (3, 3, 4):
        one = trainer(histories, seed=seed)
        one.run()
        runs.append(weights(one))
    assert equal(runs[0], runs[1])
    assert not equal(runs[0], runs[2])


def test_training_leaves_the_callers_random_state_alone(histories: Histories) -> None:
    one = trainer(histories)
    before = torch.random.get_rng_state()
    one.run()
    assert torch.equal(before, torch.random.get_rng_state())


class PowerCutError(Exception):
    """Stands for a power cut."""


@pytest.mark.parametrize("kill_at", [(1, 2), (2, 1), (3, 3)])
def test_a_killed_run_resumes_to_the_weights_of_an_uninterrupted_one(
    histories: Histories, tmp_path: Path, kill_at: tuple[int, int]
) -> None:
    def power_cut(done: StepDone) -> None:
        if (done.epoch, done.step) == kill_at:
            raise PowerCutError

    whole = trainer(histories)
    expected = whole.run(folder=tmp_path / "whole", fingerprint="f")
    often = 1e-9  # a checkpoint after every step
    killed = trainer(histories, checkpoint_seconds=often)
    with pytest.raises(PowerCutError):
        killed.run(hooks=[Listener(power_cut)], folder=tmp_path / "run", fingerprint="f")
    resumed = trainer(histories, checkpoint_seconds=often)
    result = resumed.run(folder=tmp_path / "run", fingerprint="f", resume=True)
    assert equal(weights(whole), weights(resumed))
    assert [epoch["loss"] for epoch in result.history] == [epoch["loss"] for epoch in expected.history]


def test_a_killed_run_with_a_table_moved_by_rows_resumes_to_the_same_weights(
    histories: Histories, tmp_path: Path
) -> None:
    def power_cut(done: StepDone) -> None:
        if (done.epoch, done.step) == (2, 2):
            raise PowerCutError

    def by_rows(**config: object) -> Trainer:
        loss = SampledSoftmax(NegativeSampler(np.ones(ITEMS), size=6))
        return trainer(histories, loss=loss, row_wise_from=ITEMS, **config)

    whole = by_rows()
    whole.run()
    killed = by_rows(checkpoint_seconds=1e-9)
    with pytest.raises(PowerCutError):
        killed.run(hooks=[Listener(power_cut)], folder=tmp_path / "run", fingerprint="f")
    resumed = by_rows(checkpoint_seconds=1e-9)
    resumed.run(folder=tmp_path / "run", fingerprint="f", resume=True)
    assert equal(weights(whole), weights(resumed))


def test_a_table_moved_by_rows_learns_what_comes_next(histories: Histories) -> None:
    listener = Listener()
    trainer(histories, epochs=15, row_wise_from=ITEMS).run(hooks=[listener])
    losses = [done.loss for done in listener.epochs]
    assert losses[0] > 2.0
    assert losses[-1] < 1.0


def test_the_best_weights_survive_a_resume(histories: Histories, tmp_path: Path) -> None:
    values = iter([0.3, 0.9])
    first = trainer(histories, stop_after=2)
    first.run(validate=lambda: next(values), folder=tmp_path / "run", fingerprint="f")
    best = weights(first)
    second = trainer(histories)
    result = second.run(validate=lambda: 0.1, folder=tmp_path / "run", fingerprint="f", resume=True)
    assert (result.best_epoch, result.best, result.epochs) == (2, 0.9, 4)
    assert equal(best, weights(second))


def test_a_checkpoint_of_another_run_is_refused(histories: Histories, tmp_path: Path) -> None:
    trainer(histories, stop_after=1).run(folder=tmp_path / "run", fingerprint="one")
    with pytest.raises(ResumeError, match="other data or to another configuration"):
        trainer(histories).run(folder=tmp_path / "run", fingerprint="two", resume=True)


def test_ctrl_c_ends_the_step_and_keeps_the_best_weights(histories: Histories) -> None:
    def press(done: StepDone) -> None:
        if (done.epoch, done.step) == (3, 1):
            os.kill(os.getpid(), signal.SIGINT)

    values = iter([0.5, 0.4])
    listener = Listener(press)
    one = trainer(histories)
    result = one.run(hooks=[listener], validate=lambda: next(values))
    assert result.interrupted
    assert (result.epochs, result.best_epoch, len(listener.epochs)) == (2, 1, 2)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    first = trainer(histories, stop_after=1)
    first.run()
    assert equal(weights(first), weights(one))


def test_patience_ends_training_and_the_best_epoch_is_kept(histories: Histories) -> None:
    values = iter([0.1, 0.5, 0.4, 0.3, 0.9])
    result = trainer(histories, epochs=9, patience=2).run(validate=lambda: next(values))
    assert (result.epochs, result.best_epoch, result.best) == (4, 2, 0.5)


def test_a_loss_that_is_not_finite_stops_with_step_and_users(histories: Histories) -> None:
    def broken(
        states_MD: Tensor, target_M: Tensor, catalogue: Catalogue, weight_M: Tensor | None = None
    ) -> LossSum:
        return LossSum(total=states_MD.sum() * float("nan"), count=len(target_M))

    with pytest.raises(TrainingError, match=r"nan in epoch 1, step 1, on a batch of \d+ users \(numbers \d+"):
        trainer(histories, loss=broken).run()


def test_bfloat16_learns_too(histories: Histories) -> None:
    exact = trainer(histories, epochs=15)
    fast = Trainer(
        exact.model,
        loader=exact.loader,
        loss=FullSoftmax(),
        config=exact.config,
        options=RunOptions(precision="bfloat16"),
    )
    assert float(str(fast.run().history[-1]["loss"])) < 1.0


def test_a_batch_in_parts_teaches_what_the_whole_batch_teaches(histories: Histories) -> None:
    learned = []
    for part_events in (10**6, 20):
        torch.manual_seed(0)
        shape = CausalConfig(width=16, blocks=1, max_length=10, dropout=0.0, embedding_dropout=0.0)
        one = Trainer(
            CausalModel(shape, num_items=ITEMS).double(),  # Adam would blow rounding of zero gradients up
            loader=WindowLoader(histories, LoaderConfig(window=8, batch_events=200), seed=0),
            loss=FullSoftmax(),
            config=TrainConfig(epochs=2, learning_rate=1e-3, part_events=part_events),
            options=RunOptions(precision="float32"),
        )
        one.run()
        learned.append(weights(one))
    for name, value in learned[0].items():
        torch.testing.assert_close(learned[1][name], value, atol=1e-9, rtol=1e-6)


def typed(histories: Histories, kinds: list[int]) -> Histories:
    """Give the events of each user the types `kinds`, over and over."""
    kind = np.resize(np.array(kinds, dtype=np.int32), len(histories.item))
    return replace(histories, fields={"event_type": kind})


def weighing(*weight: float) -> Targets:
    weight_Y1 = np.array([*weight, 0.0], dtype=np.float32)
    return Targets(names=(), weight_Y1=weight_Y1, seen_Y1=weight_Y1 > 0)


@pytest.mark.parametrize("loss", [FullSoftmax(), SampledSoftmax(NegativeSampler(np.ones(ITEMS), size=8))])
def test_targets_that_all_count_one_are_learned_as_without_types(histories: Histories, loss: object) -> None:
    plain, chosen = (
        trainer(typed(histories, [0, 1]), loss=loss, targets=targets)
        for targets in (None, weighing(1.0, 1.0))
    )
    assert plain.run().history[-1]["loss"] == chosen.run().history[-1]["loss"]
    for name, weight in weights(plain).items():
        assert torch.equal(weight, chosen.model.state_dict()[name])


def test_only_target_types_are_learned(histories: Histories) -> None:
    """Even items come as type 0, odd ones as type 1; what is not asked for is never the answer."""
    even = replace(histories, fields={"event_type": (histories.item % 2).astype(np.int32)})
    done = trainer(even, targets=weighing(1.0, 0.0), epochs=12)
    done.run()
    batch = next(iter(done.loader.epoch(0)))
    best = done.model.catalogue().scores(done.model.encode(batch).states_TD, 0, ITEMS).argmax(1)
    assert (best % 2 == 0).all()


@pytest.mark.parametrize("part_events", [8, 8_192])
def test_batches_and_parts_without_a_target_change_nothing(histories: Histories, part_events: int) -> None:
    done = trainer(typed(histories, [1]), targets=weighing(1.0, 0.0), part_events=part_events)
    before = weights(done)
    assert done.run().history[-1]["loss"] == 0.0
    assert all(torch.equal(before[name], weight) for name, weight in weights(done).items())
    few = np.zeros(len(histories.item), dtype=np.int32) + 1
    few[histories.start[0] + 1] = 0  # one target in all
    some = trainer(
        replace(histories, fields={"event_type": few}), targets=weighing(0.5, 0.0), part_events=part_events
    )
    assert float(some.run(hooks=[]).history[-1]["loss"]) > 0  # type: ignore[arg-type]
