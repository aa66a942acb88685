"""Both stages are one folder, which comes back bit for bit; a changed byte is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

import regard
from regard.errors import ArtifactError
from regard.keep import load_model
from regard.model import Model
from regard.pipeline import Pipeline
from regard.pipeline_keep import load_any
from regard.recommend.reranked import PolicyRequest

USERS = ["u3", "u50", "nobody"]


@pytest.fixture(scope="module")
def folder(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pipelines") / "shop"
    pipeline.save(path)
    return path


def test_lists_and_traces_come_back_bit_for_bit(pipeline: Pipeline, folder: Path) -> None:
    loaded = regard.load(folder)
    assert isinstance(loaded, Pipeline)
    assert loaded.recommend(users=USERS).equals(pipeline.recommend(users=USERS))
    request = PolicyRequest(users=USERS, k=5)
    assert loaded.trace(request).equals(pipeline.trace(request))
    assert loaded.record == pipeline.record


def test_saving_again_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    load_any(folder).save(tmp_path / "again")
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_the_folder_holds_its_retrieval_model_too(pipeline: Pipeline, folder: Path) -> None:
    alone = load_model(folder)
    assert type(alone) is Model
    assert alone.recommend(users=USERS).equals(pipeline.retrieval.recommend(users=USERS))
    assert "## Second stage" in (folder / "README.md").read_text()


def test_a_changed_byte_is_noticed(folder: Path, tmp_path: Path) -> None:
    load_any(folder).save(tmp_path / "damaged")
    file = tmp_path / "damaged" / "ranker.safetensors"
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(bytes(raw))
    with pytest.raises(ArtifactError, match="ranker"):
        regard.load(tmp_path / "damaged")
