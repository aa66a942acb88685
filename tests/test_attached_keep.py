"""Both are one folder, which comes back bit for bit; a changed byte of either is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

import regard
from regard.attached import AttachedPipeline
from regard.errors import ArtifactError
from regard.keep import load_model
from regard.model import Model
from regard.recommend.reranked import PolicyRequest

USERS = ["u3", "u50", "nobody"]


@pytest.fixture(scope="module")
def folder(both: AttachedPipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("attached") / "both"
    both.save(path)
    return path


def test_lists_and_traces_come_back_bit_for_bit(both: AttachedPipeline, folder: Path) -> None:
    loaded = regard.load(folder)
    assert isinstance(loaded, AttachedPipeline)
    assert loaded.recommend(users=USERS).equals(both.recommend(users=USERS))
    request = PolicyRequest(users=USERS, k=5)
    assert loaded.trace(request).equals(both.trace(request))
    assert (loaded.record, loaded.second.value) == (both.record, both.second.value)


def test_saving_again_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    regard.load(folder).save(tmp_path / "again")
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_the_folder_holds_its_retrieval_model_too(both: AttachedPipeline, folder: Path) -> None:
    alone = load_model(folder)
    assert type(alone) is Model
    assert alone.recommend(users=USERS).equals(both.retrieval.recommend(users=USERS))
    assert "a ranker of impressions" in (folder / "README.md").read_text()


@pytest.mark.parametrize("name", ["attached_weights.safetensors", "attached_ranker.json", "attached.json"])
def test_a_changed_byte_is_noticed(folder: Path, tmp_path: Path, name: str) -> None:
    regard.load(folder).save(tmp_path / "damaged")
    file = tmp_path / "damaged" / name
    raw = bytearray(file.read_bytes())
    raw[-2] ^= 1
    file.write_bytes(bytes(raw))
    with pytest.raises(ArtifactError, match=name.split(".", maxsplit=1)[0]):
        regard.load(tmp_path / "damaged")
