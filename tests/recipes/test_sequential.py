"""Sizes follow from the log."""

from __future__ import annotations

from regard.model import Model
from regard.recipes.sequential import sequential, sequential_fast, sequential_tiny


def test_a_window_is_what_the_model_reads(model: Model) -> None:
    for recipe in (sequential, sequential_fast, sequential_tiny):
        config = recipe(model.train)
        assert config.loader.window == config.shape["max_length"]


def test_a_small_log_still_makes_many_steps(model: Model) -> None:
    assert model.train.num_events / sequential(model.train).loader.batch_events > 50


def test_the_fast_recipe_differs_in_size_alone(model: Model) -> None:
    whole, fast = sequential(model.train).to_json(), sequential_fast(model.train).to_json()
    differing = {
        (room, name)
        for room in ("shape", "train")
        for name in whole[room]
        if whole[room][name] != fast[room][name]
    }
    assert differing == {("shape", "width"), ("shape", "blocks"), ("train", "epochs")}
    assert all(whole[room] == fast[room] for room in ("loader", "loss", "blend", "refit"))
