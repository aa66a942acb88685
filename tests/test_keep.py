"""A model folder holds everything, and says what it is. Same lists after loading: tests/laws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from regard.api import fit
from regard.artifact import ArtifactContent, write_artifact
from regard.errors import ArtifactError
from regard.keep import content_of, load_model, model_of
from regard.model import Model


def test_everything_comes_back(model: Model, model_folder: Path) -> None:
    back = load_model(model_folder)
    assert (back.config, back.split, back.options) == (model.config, model.split, model.options)
    assert back.dataset.users == model.dataset.users
    assert back.train.num_events == model.train.num_events
    assert back.training == model.training
    assert back.blend.weights == model.blend.weights
    assert torch.equal(back.blend.trend_V, model.blend.trend_V)
    assert f"- events: {model.dataset.num_events:,}" in (model_folder / "README.md").read_text()


def test_how_numbers_of_events_were_read_comes_back_and_older_folders_did_not_say_it(tmp_path: Path) -> None:
    log = {"user_id": ["a", "a", "b", "b"], "item_id": [1, 2, 1, 2], "timestamp": [1, 2, 3, 4]}
    priced = log | {"paid": ["$1", "$2", None, "$4"], "sent": ["2020-01-01"] * 4}
    columns = {"event_fields": {"paid": "price", "sent": "time"}}
    settings = {"epochs": 1, "width": 8}
    model = fit(priced, columns=columns, recipe="sequential-tiny", settings=settings, split="none")
    model.save(tmp_path / "model")
    readings = load_model(tmp_path / "model").dataset.event_readings
    assert readings == model.dataset.event_readings
    assert readings["paid"].read_said(["$0"]).tolist() == [0]
    content = content_of(model)
    events = content.documents["model"]["events"]
    old = content.documents["model"] | {"events": {"types": events["types"], "vocabs": events["vocabs"]}}
    older = model_of(replace(content, documents={"model": old}), tmp_path)
    assert older.dataset.event_readings == {}


def test_an_artifact_of_another_kind_is_refused(tmp_path: Path) -> None:
    write_artifact(tmp_path / "other", ArtifactContent(documents={"progress": {}}))
    with pytest.raises(ArtifactError, match="holds no model"):
        load_model(tmp_path / "other")
