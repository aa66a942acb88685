"""A search finds the number of epochs, a refit trains that long on everything."""

from __future__ import annotations

from regard.config import RunOptions
from regard.data.prepare import prepare
from regard.data.split import SplitSpec
from regard.model import Model
from regard.recipes.sequential import sequential_tiny
from regard.train.fitting import fit_model


def test_the_refit_takes_as_many_epochs_as_the_search_found_best(model: Model) -> None:
    search = [epoch for epoch in model.training if epoch["phase"] == "search"]
    refit = [epoch for epoch in model.training if epoch["phase"] == "refit"]
    best = max(search, key=lambda epoch: epoch["validation"])
    assert len(refit) == best["epoch"]


def test_a_log_that_leaves_nobody_to_validate_on_is_still_learned_from() -> None:
    log = {"user_id": [1, 1, 2, 2], "item_id": [1, 2, 1, 3], "timestamp": [1, 1, 1, 1]}
    train = prepare(log).dataset
    config = sequential_tiny(train)
    fitted = fit_model(train, config, split=SplitSpec(), options=RunOptions())
    assert fitted.search is None
    assert fitted.refit is not None
