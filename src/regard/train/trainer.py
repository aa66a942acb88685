"""Trainer: steps, epochs, validation, checkpoints. It knows no data set, only a loader of batches.

Notable choices: every step draws its randomness from a seed of its own, so that a run that was killed
and resumed ends with the weights of one that was not; the learning rate follows the share of the
schedule that is done, not a count of steps; Ctrl-C ends the step under way and keeps the best weights.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from regard.config import RunOptions
from regard.data.loader import WindowLoader
from regard.data.packing import PackedBatch
from regard.data.target import Targets
from regard.errors import TrainingError
from regard.losses.base import Loss
from regard.losses.targets import NextItem, next_item
from regard.models.causal import CausalModel
from regard.nn.precision import keep_few_kernels, product_type
from regard.train.average import add_to_average, averaged
from regard.train.checkpoint import Progress, load_checkpoint, saver
from regard.train.config import TrainConfig
from regard.train.hooks import EpochDone, Hook, StepDone
from regard.train.interrupt import Interrupt
from regard.train.optim import Optimizer, rate

__all__ = ["TrainResult", "Trainer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainResult:
    """How training ended.

    Parameters
    ----------
    epochs
        Finished epochs.
    best_epoch
        Epoch whose weights the model now has: the best on validation, or the last without validation.
    best
        Its validation value; None without validation.
    interrupted
        Whether Ctrl-C ended it.
    history
        One dictionary an epoch.
    """

    epochs: int
    best_epoch: int
    best: float | None
    interrupted: bool
    history: list[dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learned:
    """What a step gave: the sum of its losses, the weight of its targets, and its number of inputs."""

    total: float
    count: float
    events: int


class Trainer:
    """Trains a model on the batches of a loader.

    Parameters
    ----------
    model
        Trained in place; in the end it has the best weights and is in evaluation mode.
    loader
        Gives the batches of each epoch.
    loss
        What is minimised.
    config
        Schedule and optimiser.
    options
        Seed, device, precision.
    targets
        Which types of events are asked for and what they count; None: all alike.
    """

    def __init__(
        self,
        model: CausalModel,
        *,
        loader: WindowLoader,
        loss: Loss,
        config: TrainConfig,
        options: RunOptions,
        targets: Targets | None = None,
    ) -> None:
        self.model = model.to(options.device)
        self.loader, self.loss, self.config, self.options = loader, loss, config, options
        self._optimizer = Optimizer(self.model, config)
        keep_few_kernels()
        self._type = product_type(options.precision, options.device)
        self._weight_Y1 = None if targets is None else torch.from_numpy(targets.weight_Y1).to(options.device)
        self._interrupt = Interrupt()

    def run(
        self,
        *,
        hooks: Sequence[Hook] = (),
        validate: Callable[[], float] | None = None,
        folder: Path | None = None,
        fingerprint: str = "",
        resume: bool = False,
    ) -> TrainResult:
        """Train until the schedule ends, patience runs out or Ctrl-C.

        Parameters
        ----------
        hooks
            Listeners.
        validate
            Called after each epoch with the model in evaluation mode; higher is better.
        folder
            Where checkpoints go; None: none are written.
        fingerprint
            Names data and configuration, so that no other run resumes from these checkpoints.
        resume
            Whether to go on from a checkpoint in `folder`, if there is one.

        Raises
        ------
        TrainingError
            If the loss is not finite; the message names step and users.
        ResumeError
            If the checkpoint belongs to other data or to another configuration.
        """
        done = Progress()
        if resume and folder is not None and folder.exists():
            done = load_checkpoint(
                folder, fingerprint=fingerprint, model=self.model, optimizer=self._optimizer
            )
        save = saver(
            folder, fingerprint=fingerprint, model=self.model, optimizer=self._optimizer, progress=done
        )
        last = min(self.config.epochs, self.config.stop_after or self.config.epochs)
        with ExitStack() as stack:
            stack.enter_context(torch.random.fork_rng(devices=[]))
            stack.enter_context(self._interrupt)
            for hook in hooks:
                stack.enter_context(hook)
            while (
                done.epoch < last and not self._interrupt.asked and not self._out_of_patience(done, validate)
            ):
                if self._epoch(done, hooks, save):
                    self._end_epoch(done, hooks, validate)
                save()
        self.model.load_state_dict(done.best_weights or done.average, strict=False)
        self.model.eval()
        return TrainResult(
            epochs=done.epoch,
            best_epoch=done.best_epoch or done.epoch,
            best=done.best if done.best_epoch else None,
            interrupted=self._interrupt.asked,
            history=done.history,
        )

    def _epoch(self, done: Progress, hooks: Sequence[Hook], save: Callable[[], None]) -> bool:
        """Make the remaining steps of an epoch; return whether it was finished."""
        self.model.train()
        self._begun = saved = time.monotonic()
        self._events = 0
        steps = self.loader.steps(done.epoch)
        for batch in self.loader.epoch(done.epoch, skip=done.step):
            learned = self._step(batch, done, steps)
            done.step += 1
            if self.config.average > 0:
                so_far = done.epoch * steps + done.step
                add_to_average(done.average, self.model, share=self.config.average, steps=so_far)
            done.loss_sum += learned.total
            done.loss_count += learned.count
            self._events += learned.events
            said = StepDone(
                epoch=done.epoch + 1,
                step=done.step,
                steps=steps,
                events=learned.events,
                loss=learned.total / (learned.count or 1),
            )
            for hook in hooks:
                hook.step(said)
            if self._interrupt.asked:
                return False
            if time.monotonic() - saved > self.config.checkpoint_seconds:
                save()
                saved = time.monotonic()
        return True

    def _step(self, batch: PackedBatch, done: Progress, steps: int) -> _Learned:
        """Learn from one batch; one without a target leaves the weights as they are."""
        seeds = np.random.SeedSequence([self.options.seed, done.epoch, done.step])
        torch.manual_seed(int(seeds.generate_state(1)[0]))
        progress = (done.epoch + (done.step + 1) / steps) / self.config.epochs
        asked = next_item(batch.to(self.options.device), weight_Y1=self._weight_Y1)
        total, count = 0.0, asked.count
        for part in asked.parts(self.config.part_events):
            if part.count > 0:
                total += self._learn(part, count, done)
        if count > 0:
            self._optimizer.step(rate(self.config, progress))
        return _Learned(total=total, count=count, events=len(asked.target_T))

    def _learn(self, asked: NextItem, count: float, done: Progress) -> float:
        """Add a part's gradient of the mean loss over `count` targets; return the sum of its losses."""
        with torch.autocast(
            self.options.device.split(":")[0], dtype=self._type, enabled=self._type != torch.float32
        ):
            catalogue = self.model.catalogue()
            some = asked.asked(self.model.encode(asked.inputs, catalogue).states_TD)
            loss = self.loss(some.states_MD, some.target_M, catalogue, some.weight_M)
        total = float(loss.total.detach())
        if not math.isfinite(total):
            users = ", ".join(str(user) for user in asked.inputs.user_U[:10].tolist())
            raise TrainingError(
                f"the loss is {total} in epoch {done.epoch + 1}, step {done.step + 1}, on a batch of "
                f"{asked.inputs.num_users} users (numbers {users} ...): lower the learning rate, or look at "
                "the events of these users"
            )
        (loss.total / count).backward()  # type: ignore[no-untyped-call]
        return total

    def _end_epoch(self, done: Progress, hooks: Sequence[Hook], validate: Callable[[], float] | None) -> None:
        """Validate, keep the weights if they are the best, and tell the hooks."""
        trained = time.monotonic() - self._begun
        self.model.eval()
        with averaged(self.model, done.average):
            value = None if validate is None else validate()
            done.epoch += 1
            best = value is not None and value > done.best
            if value is not None and best:
                done.best, done.best_epoch = value, done.epoch
                done.best_weights = _copied(self.model.state_dict())
        said = EpochDone(
            epoch=done.epoch,
            epochs=min(self.config.epochs, self.config.stop_after or self.config.epochs),
            loss=done.loss_sum / (done.loss_count or 1),
            validation=value,
            best=best,
            seconds=time.monotonic() - self._begun,
            events_per_second=self._events / max(trained, 1e-9),
        )
        done.history.append(asdict(said))
        done.step, done.loss_sum, done.loss_count = 0, 0.0, 0
        for hook in hooks:
            hook.epoch(said)

    def _out_of_patience(self, done: Progress, validate: Callable[[], float] | None) -> bool:
        return validate is not None and done.epoch - done.best_epoch >= self.config.patience


def _copied(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in weights.items()}
