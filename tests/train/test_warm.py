"""Weights are carried over by id, whatever number an id has in the new log."""

from __future__ import annotations

import polars as pl
import torch

from regard.api import fit
from regard.config import RunOptions
from regard.data.prepare import prepare
from regard.models.context import ContextSpec
from regard.train.fitting import Watch
from regard.train.warm import Before, go_on


def _log(names: list[str]) -> pl.DataFrame:
    rows = [(f"u{n % 10}", names[(n * 7 + n // 10) % len(names)], 1_000 + n) for n in range(300)]
    return pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")


def test_rows_move_with_their_ids() -> None:
    old = fit(_log(["m", "n", "o", "p"]), recipe="sequential-tiny", settings={"epochs": 2}, split="none")
    grown = prepare(_log(["a", "m", "n", "o", "p", "z"])).dataset
    config = old.config.changed(train=old.config.train.changed(epochs=1, learning_rate=1e-12))
    fitted = go_on(
        Before(model=old.network, items=old.dataset.items, weights=old.blend.weights),
        grown,
        config,
        options=RunOptions(seed=0),
        watch=Watch(),
        columns={},
        context=ContextSpec(),
    )
    ours, theirs = fitted.model.item_table(), old.network.item_table()
    assert torch.allclose(ours[1:5], theirs, atol=1e-5)
    assert fitted.search is None
    assert fitted.blend.weights == old.blend.weights
