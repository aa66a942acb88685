"""fit_ranker: from tables to probabilities that are measured; what cannot be used is refused."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.config import RunOptions
from regard.data.impression_table import ReadImpressions, read_impressions
from regard.errors import ConfigError, DataError, ResumeError, SplitError
from regard.ranking import RankingModel, fit_ranker
from regard.train.fitting import Watch
from regard.train.hooks import Silent, StepDone

SETTINGS = {
    "shape": {"width": 16, "scale": 0.25},
    "train": {"epochs": 8, "learning_rate": 1e-2, "patience": 8},
    "fields": {"items": {"colour": "category"}, "events": {"device": "category"}},
    "batch_candidates": 64,
}


@pytest.fixture(scope="module")
def tables() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Users who click what has the colour of what they clicked before, and buy some of it."""
    rng = np.random.default_rng(0)
    colour = np.arange(40) % 4
    rows = []
    for user in range(120):
        for step in range(12):
            for item in rng.choice(40, 2, replace=False):
                click = int(rng.random() < (0.9 if colour[item] == user % 4 else 0.1))
                buy = int(click and item % 2)
                device = ["phone", "desk"][step % 2]
                rows.append(
                    (f"{user}-{step}", f"u{user}", f"i{item}", 1000 * step + user, click, buy, device)
                )
    names = ["impression_id", "user_id", "item_id", "timestamp", "click", "purchase", "device"]
    items = pl.DataFrame({"item_id": [f"i{item}" for item in range(40)], "colour": [f"c{c}" for c in colour]})
    return pl.DataFrame(rows, schema=names, orient="row"), items


@pytest.fixture(scope="module")
def read(tables: tuple[pl.DataFrame, pl.DataFrame]) -> ReadImpressions:
    return read_impressions(tables[0])


@pytest.fixture(scope="module")
def model(read: ReadImpressions, tables: tuple[pl.DataFrame, pl.DataFrame]) -> RankingModel:
    return fit_ranker(read, items=tables[1], settings=SETTINGS)


def test_it_learns_what_each_user_clicks_and_buys(model: RankingModel, read: ReadImpressions) -> None:
    late = read.impressions.take(np.flatnonzero(read.impressions.time_I >= 10_000 * 1_000_000))
    assert model.spec.actions == ("click", "purchase")
    for action, least in (("click", 0.8), ("purchase", 0.75)):
        measured = model.evaluate(late, action=action)
        assert measured.values["auc"].value > least
        assert measured.reliability is not None


def test_probabilities_are_probabilities_and_the_order_of_logits(
    model: RankingModel, read: ReadImpressions
) -> None:
    logits, scores = model.logits(read.impressions), model.score(read.impressions)
    for place, action in enumerate(model.spec.actions):
        assert scores[action].min() >= 0
        assert scores[action].max() <= 1
        assert np.array_equal(
            np.argsort(logits[:, place], kind="stable"), np.argsort(scores[action], kind="stable")
        )


def test_the_same_seed_gives_the_same_model_and_another_seed_another(
    read: ReadImpressions, tables: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    short = {**SETTINGS, "train": {"epochs": 1}}
    runs = [
        fit_ranker(read, items=tables[1], settings=short, options=RunOptions(seed=seed)) for seed in (1, 1, 2)
    ]
    one, again, other = (run.logits(read.impressions) for run in runs)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


class InterruptAt(Silent):
    def __init__(self, epoch: int, step: int) -> None:
        self.at = (epoch, step)

    def step(self, done: StepDone) -> None:
        if (done.epoch, done.step) == self.at:
            signal.raise_signal(signal.SIGINT)


def test_a_run_that_was_interrupted_and_resumed_gives_the_model_of_one_that_was_not(
    read: ReadImpressions, tables: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path
) -> None:
    short = {**SETTINGS, "train": {**SETTINGS["train"], "epochs": 3}}
    whole = fit_ranker(read, items=tables[1], settings=short)
    assert not whole.interrupted
    stopping = Watch(hooks=lambda title, epochs: [InterruptAt(2, 5)], folder=tmp_path)
    first = fit_ranker(read, items=tables[1], settings=short, watch=stopping)
    assert first.interrupted
    assert len(first.training) == 1
    again = fit_ranker(read, items=tables[1], settings=short, watch=Watch(folder=tmp_path, resume=True))
    assert [one["validation"] for one in again.training] == [one["validation"] for one in whole.training]
    assert np.array_equal(again.logits(read.impressions), whole.logits(read.impressions))
    for action, chance in whole.score(read.impressions).items():
        assert np.array_equal(chance, again.score(read.impressions)[action])
    with pytest.raises(ResumeError):
        fit_ranker(
            read,
            items=tables[1],
            settings=short,
            options=RunOptions(seed=1),
            watch=Watch(folder=tmp_path, resume=True),
        )


def test_later_labels_do_not_change_earlier_scores(model: RankingModel, read: ReadImpressions) -> None:
    shown = read.impressions
    turned = replace(shown, labels={name: 1 - label for name, label in shown.labels.items()})
    fresh = replace(model, past=replace(model.past, known=type(model.past.known).nothing()))
    first = shown.time_I == np.array([shown.time_I[shown.user_I == user].min() for user in shown.user_I])
    one, two = fresh.logits(shown), fresh.logits(turned)
    early = np.repeat(first, shown.lengths)
    np.testing.assert_allclose(one[early], two[early], rtol=1e-4, atol=1e-5)
    assert np.abs(one[~early] - two[~early]).max() > 1e-3


def test_a_misspelt_setting_and_what_cannot_be_split_are_refused(read: ReadImpressions) -> None:
    with pytest.raises(ConfigError, match="did you mean 'shape'"):
        fit_ranker(read, settings={"shapes": {}})
    with pytest.raises(SplitError, match="no impression is before"):
        fit_ranker(read, settings={"validation": {"at": "1960-01-01"}})
    with pytest.raises(DataError, match="no label 'like'"):
        fit_ranker(read, settings={"actions": ["like"]})
