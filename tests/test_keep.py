"""A model folder holds everything, and says what it is. Same lists after loading: tests/laws."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from regard.artifact import ArtifactContent, write_artifact
from regard.errors import ArtifactError
from regard.keep import load_model
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


def test_an_artifact_of_another_kind_is_refused(tmp_path: Path) -> None:
    write_artifact(tmp_path / "other", ArtifactContent(documents={"progress": {}}))
    with pytest.raises(ArtifactError, match="holds no model"):
        load_model(tmp_path / "other")
