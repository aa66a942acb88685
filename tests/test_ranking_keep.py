"""A ranker saved and loaded gives the same scores, bit for bit; damage is noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.artifact import ArtifactContent, write_artifact
from regard.data.impression_table import ReadImpressions, read_impressions
from regard.errors import ArtifactError
from regard.ranking import RankingModel, fit_ranker

HISTORY = ["given", "shown", "none"]


@pytest.fixture(scope="module")
def read() -> ReadImpressions:
    rng = np.random.default_rng(0)
    log = pl.DataFrame(
        {
            "user_id": rng.integers(0, 9, 200),
            "item_id": rng.integers(0, 30, 200),
            "timestamp": np.sort(rng.integers(0, 10**6, 200)),
            "click": rng.integers(0, 2, 200),
            "like": rng.integers(0, 2, 200),
            "price": rng.random(200),
            "history": [rng.integers(0, 30, 4).tolist() for _ in range(200)],
        }
    )
    return read_impressions(log)


@pytest.fixture(params=HISTORY)
def model(read: ReadImpressions, request: pytest.FixtureRequest) -> RankingModel:
    items = pl.DataFrame(
        {
            "item_id": list(range(30)),
            "brand": ["a", "b", "c"] * 10,
            "tags": [["x", "y"], ["y"], []] * 10,
            "vector": np.random.default_rng(1).random((30, 4)).tolist(),
        }
    )
    users = pl.DataFrame({"user_id": list(range(9)), "age": [20.0, 30.0, None] * 3})
    settings = {
        "shape": {"width": 8, "attention": "din", "blocks": 1, "context": {"calendar": True}},
        "train": {"epochs": 1},
        "history": request.param,
        "calibration": "isotonic" if request.param == "none" else "platt",
        "fields": {
            "items": {"brand": "category", "tags": "set", "vector": "vector"},
            "users": {"age": "number"},
            "events": {"price": "number"},
        },
    }
    return fit_ranker(read, items=items, users=users, settings=settings)


def test_scores_are_the_same_bit_for_bit(model: RankingModel, read: ReadImpressions, tmp_path: Path) -> None:
    model.save(tmp_path / "ranker")
    again = RankingModel.load(tmp_path / "ranker")
    assert np.array_equal(model.logits(read.impressions), again.logits(read.impressions))
    for action, probability in model.score(read.impressions).items():
        assert np.array_equal(probability, again.score(read.impressions)[action])
    assert again.config == model.config
    assert again.users == model.users
    assert again.training == model.training


def test_other_folders_are_refused(tmp_path: Path) -> None:
    write_artifact(tmp_path / "other", ArtifactContent(documents={"model": {}}))
    with pytest.raises(ArtifactError, match="holds no ranker"):
        RankingModel.load(tmp_path / "other")
