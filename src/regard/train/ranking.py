"""RankTrainer: trains a ranker on impressions: steps, validation, checkpoints.

The rules are those of `regard.train.trainer`: every step draws from a seed of its own, so that a run that was
killed and resumed ends with the weights of one that was not; Ctrl-C ends the step under way and keeps the
best weights. Batches hold impressions with histories of similar length. What positions do is learned beside
the ranker and is no part of it.

Shape letters: K candidates, A actions.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from regard.config import RunOptions
from regard.errors import TrainingError
from regard.losses.listwise import listwise_loss
from regard.losses.multitask import PositionBias, multitask_loss
from regard.models.rank_rows import RankRows
from regard.models.ranker import Ranker
from regard.nn.precision import keep_few_kernels
from regard.train.average import add_to_average, averaged
from regard.train.checkpoint import Progress, load_checkpoint, saver
from regard.train.hooks import EpochDone, Hook, StepDone
from regard.train.interrupt import Interrupt
from regard.train.optim import Optimizer, rate
from regard.train.rank_digest import digest_of
from regard.train.ranking_config import RankingConfig
from regard.train.trainer import TrainResult

__all__ = ["RankTrainer"]

_SORTED_TOGETHER = 20  # batches within which impressions are sorted by the length of their histories


class RankTrainer:
    """Trains a ranker in place; in the end it has the best weights and is in evaluation mode.

    Parameters
    ----------
    ranker
        What learns.
    rows
        Impressions to learn from.
    config
        The whole configuration.
    options
        Seed and device; products run in float32.
    """

    def __init__(self, ranker: Ranker, rows: RankRows, *, config: RankingConfig, options: RunOptions) -> None:
        self.ranker, self.rows, self.config, self.options = ranker, rows, config, options
        position_K = rows.impressions.position_K if config.position else None
        self._position = None if position_K is None else PositionBias(position_K, actions=len(ranker.actions))
        parts = [ranker] if self._position is None else [ranker, self._position]
        self._learner = nn.ModuleList(parts).to(options.device)
        self._optimizer = Optimizer(self._learner, config.train)
        keep_few_kernels()
        weights = [config.weights.get(action, 1.0) for action in ranker.actions]
        self._weight_A = torch.tensor(weights, device=options.device)

    def run(
        self,
        *,
        hooks: Sequence[Hook] = (),
        validate: Callable[[], float] | None = None,
        folder: Path | None = None,
        fingerprint: str = "",
        resume: bool = False,
    ) -> TrainResult:
        """Train until the schedule ends, patience runs out or Ctrl-C; see `Trainer.run`.

        Only a run with the same rows, configuration and seed resumes from a checkpoint; `fingerprint` names
        what else must be the same, such as the data of validation.

        Raises
        ------
        TrainingError
            If the loss is not finite.
        ResumeError
            If the checkpoint belongs to other data or to another configuration.
        """
        done, train = Progress(), self.config.train
        if folder is not None:
            fingerprint = self._fingerprint(fingerprint)
        if resume and folder is not None and folder.exists():
            done = load_checkpoint(
                folder, fingerprint=fingerprint, model=self._learner, optimizer=self._optimizer
            )
        save = saver(
            folder, fingerprint=fingerprint, model=self._learner, optimizer=self._optimizer, progress=done
        )
        last = min(train.epochs, train.stop_after or train.epochs)
        with ExitStack() as stack:
            stack.enter_context(torch.random.fork_rng(devices=[]))
            interrupt = stack.enter_context(Interrupt())
            for hook in hooks:
                stack.enter_context(hook)
            while (
                done.epoch < last
                and not interrupt.asked
                and not _out_of_patience(done, self.config, validate)
            ):
                began = time.monotonic()
                if self._epoch(done, hooks, interrupt, save):
                    self._end_epoch(done, hooks, validate, began)
                save()
        self._learner.load_state_dict(done.best_weights or done.average, strict=False)
        self._learner.eval()
        return TrainResult(
            epochs=done.epoch,
            best_epoch=done.best_epoch or done.epoch,
            best=done.best if done.best_epoch else None,
            interrupted=interrupt.asked,
            history=done.history,
        )

    def batches(self, epoch: int) -> list[np.ndarray]:
        """Return the impressions of each step of an epoch; they depend on the seed and its number alone."""
        rng = np.random.default_rng([self.options.seed, epoch])
        order = rng.permutation(len(self.rows))
        length_I = self.rows.histories.lengths
        groups = []
        together = _SORTED_TOGETHER * self.config.batch_candidates
        for part in self.rows.groups(order, candidates=together):
            alike = part[np.argsort(length_I[part], kind="stable")]
            groups += list(self.rows.groups(alike, candidates=self.config.batch_candidates))
        return [groups[place] for place in rng.permutation(len(groups))]

    def _fingerprint(self, more: str) -> str:
        """Name data, configuration and seed: only the same run may resume from a checkpoint."""
        said = self.config.model_dump_json() + self.options.model_dump_json() + more + digest_of(self.rows)
        digest = hashlib.sha256(said.encode())
        for data in self._learner.buffers():
            digest.update(np.ascontiguousarray(data.cpu().numpy()).tobytes())
        return digest.hexdigest()

    def _epoch(
        self, done: Progress, hooks: Sequence[Hook], interrupt: Interrupt, save: Callable[[], None]
    ) -> bool:
        """Make the remaining steps of an epoch; return whether it was finished."""
        self._learner.train()
        saved = time.monotonic()
        batches, train = self.batches(done.epoch), self.config.train
        for group in batches[done.step :]:
            seeds = np.random.SeedSequence([self.options.seed, done.epoch, done.step])
            torch.manual_seed(int(seeds.generate_state(1)[0]))
            part = self.rows.take(group)
            loss = self._learn(part, done)
            progress = (done.epoch + (done.step + 1) / len(batches)) / train.epochs
            self._optimizer.step(rate(train, progress))
            done.step += 1
            if train.average > 0:
                so_far = done.epoch * len(batches) + done.step
                add_to_average(done.average, self._learner, share=train.average, steps=so_far)
            count = part.impressions.num_candidates
            done.loss_sum += loss * count
            done.loss_count += count
            said = StepDone(epoch=done.epoch + 1, step=done.step, steps=len(batches), events=count, loss=loss)
            for hook in hooks:
                hook.step(said)
            if interrupt.asked:
                return False
            if time.monotonic() - saved > train.checkpoint_seconds:
                save()
                saved = time.monotonic()
        return True

    def _learn(self, part: RankRows, done: Progress) -> float:
        """Add the gradient of the mean loss of a batch; return that loss."""
        device = self.options.device
        batch, candidates = part.batch(device)
        logit_KA: Tensor = self.ranker(batch, candidates)
        if part.base_K is not None:
            logit_KA = logit_KA + torch.from_numpy(part.base_K).to(device)[:, None]
        if self._position is not None and part.impressions.position_K is not None:
            logit_KA = logit_KA + self._position(torch.from_numpy(part.impressions.position_K).to(device))
        loss = self._loss(logit_KA, part)
        value = float(loss.detach())
        if not math.isfinite(value):
            users = ", ".join(str(user) for user in part.impressions.user_I[:10].tolist())
            raise TrainingError(
                f"the loss is {value} in epoch {done.epoch + 1}, step {done.step + 1}, on a batch of "
                f"{len(part)} impressions (users {users} ...): lower the learning rate, or look at their rows"
            )
        loss.backward()  # type: ignore[no-untyped-call]
        return value

    def _loss(self, logit_KA: Tensor, part: RankRows) -> Tensor:
        """Return the mean loss of a batch: of each candidate by itself, or of the order in each request."""
        device, impressions = self.options.device, part.impressions
        label_KA = part.labels(self.ranker.actions).to(device)
        if self.config.objective == "each":
            return multitask_loss(logit_KA, label_KA, self._weight_A).mean()
        drawn_K = impressions.propensity_K
        drawn = None if drawn_K is None else torch.from_numpy(drawn_K).float().to(device)
        offsets = torch.from_numpy(impressions.offsets).to(device)
        return listwise_loss(logit_KA, label_KA * self._weight_A, offsets, drawn).mean()

    def _end_epoch(
        self, done: Progress, hooks: Sequence[Hook], validate: Callable[[], float] | None, began: float
    ) -> None:
        """Validate, keep the weights if they are the best, and tell the hooks."""
        trained = time.monotonic() - began
        self._learner.eval()
        with averaged(self._learner, done.average):
            value = None if validate is None else validate()
            done.epoch += 1
            best = value is not None and value > done.best
            if value is not None and best:
                done.best, done.best_epoch = value, done.epoch
                done.best_weights = {
                    name: weight.detach().cpu().clone() for name, weight in self._learner.state_dict().items()
                }
        train = self.config.train
        said = EpochDone(
            epoch=done.epoch,
            epochs=min(train.epochs, train.stop_after or train.epochs),
            loss=done.loss_sum / (done.loss_count or 1),
            validation=value,
            best=best,
            seconds=time.monotonic() - began,
            events_per_second=done.loss_count / max(trained, 1e-9),
        )
        done.history.append(asdict(said))
        done.step, done.loss_sum, done.loss_count = 0, 0.0, 0
        for hook in hooks:
            hook.epoch(said)


def _out_of_patience(done: Progress, config: RankingConfig, validate: Callable[[], float] | None) -> bool:
    return validate is not None and done.epoch - done.best_epoch >= config.train.patience
