"""A second stage is fitted to the log of its retrieval model; the same seed gives the same pipeline."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regard.api import fit
from regard.errors import SplitError
from regard.model import Model
from regard.pipeline import Pipeline
from regard.recipes.two_stage import two_stage_tiny
from regard.train.fitting import Watch
from regard.train.hooks import Hook, Silent, StepDone
from regard.two_stage import add_second_stage

USERS = ["u3", "u50"]


def small(model: Model) -> Model:
    """The same model, whose configuration trains another one in a moment."""
    train = model.config.train.changed(epochs=1)
    return replace(model, config=model.config.changed(train=train))


def test_a_second_stage_can_be_put_after_any_model(coloured: Model) -> None:
    heard: list[str] = []

    def hooks(title: str, epochs: int) -> list[Hook]:
        heard.append(title)
        return []

    config = two_stage_tiny(coloured.train).second
    made = [add_second_stage(small(coloured), config, watch=Watch(hooks=hooks)) for _ in range(2)]
    assert isinstance(made[0], Pipeline)
    assert isinstance(made[1], Pipeline)
    assert heard[:4] == ["early search", "early refit", "later warm", "ranking search"]
    assert made[0].recommend(users=USERS).equals(made[1].recommend(users=USERS))
    assert made[0].retrieval.recommend(users=USERS).equals(coloured.recommend(users=USERS))
    assert made[0].record["ndcg"] == made[1].record["ndcg"]


@pytest.mark.parametrize("pressed", ["early search", "later warm"])
def test_ctrl_c_before_the_ranker_keeps_retrieval_and_a_resumed_run_ends_as_any_other(
    coloured: Model, tmp_path: Path, pressed: str
) -> None:
    class Presses(Silent):
        def step(self, done: StepDone) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    def hooks(title: str, epochs: int) -> list[Hook]:
        heard.append(title)
        return [Presses()] if title == pressed else []

    heard: list[str] = []
    config = two_stage_tiny(coloured.train).second
    stopped = add_second_stage(small(coloured), config, watch=Watch(hooks=hooks, folder=tmp_path))
    assert heard[-1] == pressed
    assert stopped.interrupted
    assert not isinstance(stopped, Pipeline)
    assert stopped.recommend(users=USERS).equals(coloured.recommend(users=USERS))
    resumed = add_second_stage(small(coloured), config, watch=Watch(folder=tmp_path, resume=True))
    assert isinstance(resumed, Pipeline)
    assert resumed.recommend(users=USERS).equals(
        add_second_stage(small(coloured), config).recommend(users=USERS)
    )


def test_sources_can_be_left_out(coloured: Model) -> None:
    config = two_stage_tiny(coloured.train).second.changed(popular=0, recent=0, similar=0)
    made = add_second_stage(small(coloured), config)
    assert isinstance(made, Pipeline)
    assert [source.name for source in made.second.sources] == ["retrieval"]
    assert list(made.second.edges) == ["retrieval"]
    assert np.isfinite(made.recommend(users=USERS)["score"].to_numpy()).all()


def test_a_log_that_leaves_nothing_to_learn_from_is_refused() -> None:
    log = {
        "user_id": [user for user in range(6) for _ in range(5)],
        "item_id": list(range(30)),  # each item occurs once: nobody can be proposed what came later
        "timestamp": [1_700_000_000 + 100 * step + user for user in range(6) for step in range(5)],
    }
    with pytest.raises(SplitError, match="take the recipe 'sequential'"):
        fit(log, recipe="two-stage-tiny", settings={"train.epochs": 1}, split="none")
