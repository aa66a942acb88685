"""RankTrainer: learns, ends like a run that was not killed, keeps the best, leaves positions out."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from regard.config import RunOptions
from regard.data.histories import Histories
from regard.data.impressions import Impressions
from regard.errors import ResumeError, TrainingError
from regard.models.items import ItemFeatures
from regard.models.rank_rows import RankRows, score_rows
from regard.models.ranker import Ranker, RankerConfig, RankerSpec
from regard.train.hooks import EpochDone, Silent, StepDone
from regard.train.ranking import RankTrainer
from regard.train.ranking_config import RankingConfig

ITEMS = 12
CONFIG = RankingConfig(
    shape=RankerConfig(width=8, heads=2),
    train={"epochs": 3, "learning_rate": 1e-2, "average": 0.1},
    batch_candidates=64,
)


def rows(*, biased: bool = False) -> RankRows:
    """Items of even number are clicked by those who had an even one.

    If biased, what is on top is clicked, whoever asks, and items below 6 are mostly on top.
    """
    rng, count = np.random.default_rng(0), 1500 if biased else 300
    had = rng.integers(0, ITEMS, (count, 3))
    shown = np.stack([rng.permutation(ITEMS)[:2] for _ in range(count)])
    click = shown % 2 == had[:, :1] % 2
    if biased:
        shown = np.stack([rng.integers(0, 6, count), rng.integers(6, ITEMS, count)], axis=1)
        shown = np.where(rng.random((count, 1)) < 0.8, shown, shown[:, ::-1])
        click = rng.random((count, 2)) < np.array([0.8, 0.2])
    made = Impressions.of(
        shown.tolist(), clicked=[row[hit].tolist() for row, hit in zip(shown, click, strict=True)]
    )
    made = replace(made, position_K=np.tile([0, 1], count).astype(np.int32))
    return RankRows.of(made, Histories.of(had.tolist()), {}, max_length=5)


def ranker() -> Ranker:
    torch.manual_seed(0)
    known = ItemFeatures(trained_V=np.ones(ITEMS, dtype=bool))
    nobody = ItemFeatures(trained_V=np.zeros(0, dtype=bool))
    return Ranker(CONFIG.shape, RankerSpec(actions=("click",), items=known, users=nobody))


def trainer(made: RankRows | None = None, config: RankingConfig = CONFIG) -> RankTrainer:
    return RankTrainer(ranker(), made or rows(), config=config, options=RunOptions())


def same(one: Ranker, two: Ranker) -> bool:
    pairs = zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


class InterruptAt(Silent):
    def __init__(self, epoch: int, step: int) -> None:
        self.at = (epoch, step)

    def step(self, done: StepDone) -> None:
        if (done.epoch, done.step) == self.at:
            signal.raise_signal(signal.SIGINT)


class Heard(Silent):
    def __init__(self) -> None:
        self.epochs: list[EpochDone] = []

    def epoch(self, done: EpochDone) -> None:
        self.epochs.append(done)


def test_the_loss_falls_and_epochs_are_told() -> None:
    heard = Heard()
    result = trainer().run(hooks=[heard])
    losses = [epoch.loss for epoch in heard.epochs]
    assert len(losses) == result.epochs == 3
    assert losses[-1] < losses[0]


def test_each_impression_is_learned_from_once_an_epoch_in_another_order() -> None:
    made = trainer()
    one, two = (np.concatenate(made.batches(epoch)) for epoch in (0, 1))
    assert sorted(one.tolist()) == sorted(two.tolist()) == list(range(300))
    assert one.tolist() != two.tolist()


def test_a_run_that_was_interrupted_and_resumed_ends_like_one_that_was_not(tmp_path: Path) -> None:
    whole = trainer()
    whole.run()
    folder = tmp_path / "checkpoint"
    first = trainer().run(hooks=[InterruptAt(2, 4)], folder=folder, fingerprint="a")
    assert first.interrupted
    assert first.epochs == 1
    again = trainer()
    assert again.run(folder=folder, fingerprint="a", resume=True).epochs == 3
    assert same(whole.ranker, again.ranker)
    with pytest.raises(ResumeError):
        trainer().run(folder=folder, fingerprint="b", resume=True)
    for other in (trainer(rows(biased=True)), trainer(config=CONFIG.changed(batch_candidates=65))):
        with pytest.raises(ResumeError):
            other.run(folder=folder, fingerprint="a", resume=True)


def test_a_run_that_was_killed_within_an_epoch_goes_on_from_its_latest_checkpoint(tmp_path: Path) -> None:
    class Killed(Silent):
        def step(self, done: StepDone) -> None:
            if (done.epoch, done.step) == (2, 4):
                raise KeyboardInterrupt

    often = CONFIG.changed(train=CONFIG.train.changed(checkpoint_seconds=1e-9))
    whole, folder = trainer(config=often), tmp_path / "checkpoint"
    whole.run()
    with pytest.raises(KeyboardInterrupt):
        trainer(config=often).run(hooks=[Killed()], folder=folder)
    steps: list[tuple[int, int]] = []

    class Heard(Silent):
        def step(self, done: StepDone) -> None:
            steps.append((done.epoch, done.step))

    again = trainer(config=often)
    again.run(hooks=[Heard()], folder=folder, resume=True)
    assert steps[0] == (2, 4)
    assert same(whole.ranker, again.ranker)


def test_the_best_epoch_is_kept_and_patience_ends_training() -> None:
    values = iter([0.5, 0.7, 0.6, 0.6, 0.6])
    made = trainer(config=CONFIG.changed(train=CONFIG.train.changed(epochs=5, patience=2)))
    kept = []

    def validate() -> float:
        kept.append({name: value.clone() for name, value in made.ranker.state_dict().items()})
        return next(values)

    result = made.run(validate=validate)
    assert (result.epochs, result.best_epoch, result.best) == (4, 2, 0.7)
    assert all(torch.equal(kept[1][name], value) for name, value in made.ranker.state_dict().items())


def test_what_a_position_does_is_not_put_down_to_items() -> None:
    made = rows(biased=True)
    settings = {"epochs": 5, "learning_rate": 1e-2}
    gap = {}
    for position in (True, False):
        one = trainer(made, CONFIG.changed(train=settings, position=position))
        one.run()
        logit_K, item_K = score_rows(one.ranker, made)[:, 0], made.impressions.item_K
        gap[position] = logit_K[item_K < 6].mean() - logit_K[item_K >= 6].mean()
    assert gap[False] > 1.0, "items that are on top seem better"
    assert abs(gap[True]) < 0.5 * gap[False]


def test_a_loss_that_is_not_finite_names_step_and_users() -> None:
    made = trainer()
    with torch.no_grad():
        made.ranker.head.bias.fill_(torch.nan)
    with pytest.raises(TrainingError, match="epoch 1, step 1"):
        made.run()
