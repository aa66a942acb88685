"""The verbs compose: fit, load, evaluate."""

from __future__ import annotations

from pathlib import Path

import pytest

import regard
from regard.errors import ArtifactError, SplitError

LOG = {
    "user_id": [user for user in range(6) for _ in range(5)],
    "item_id": [(user + step) % 7 for user in range(6) for step in range(5)],
    "timestamp": [1_700_000_000 + 100 * step + user for user in range(6) for step in range(5)],
}


def test_the_face_is_a_list() -> None:
    assert regard.__all__ == ["Model", "RegardError", "Run", "RunOptions", "evaluate", "fit", "load"]
    assert all(hasattr(regard, name) for name in regard.__all__)


def test_a_model_of_everything_has_nothing_to_be_evaluated_on() -> None:
    model = regard.fit(LOG, recipe="sequential-tiny", settings={"epochs": 1}, split="none")
    assert model.train.num_events == 30
    with pytest.raises(SplitError, match="--split time"):
        regard.evaluate(model)


def test_ids_come_back_as_they_went_in() -> None:
    model = regard.fit(LOG, recipe="sequential-tiny", settings={"epochs": 1})
    lists = model.recommend(users=[0, "3", 99], k=2)
    assert lists["item_id"].dtype.is_integer()
    assert lists.filter(lists["user_id"] == "99")["source"].unique().to_list() == ["popularity"]


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        regard.load(tmp_path)
