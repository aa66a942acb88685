"""Any change of any file of a model folder is noticed, and the message names the file."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard.artifact import ArtifactContent, read_artifact, verify, write_artifact
from regard.errors import ArtifactError
from regard.manifest import FORMAT_VERSION, checked_files, read_manifest, written_manifest

NAMES = [
    "README.md",
    "config.json",
    "items.parquet",
    "manifest.json",
    "training.jsonl",
    "weights.safetensors",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    content = ArtifactContent(
        documents={"config": {"width": 64}},
        tensors={"weights": {"table": torch.arange(6.0).reshape(2, 3)}},
        tables={"items": pl.DataFrame({"item_id": ["a", "b"]})},
        texts={"training.jsonl": "{}\n", "README.md": "# A model\n"},
    )
    write_artifact(tmp_path / "model", content)
    return tmp_path / "model"


def relist(folder: Path, **changes: object) -> None:
    """Rewrite the manifest with some entries changed, as someone who tampers would."""
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}, indent=2) + "\n")


def test_the_manifest_lists_every_other_file_with_size_and_hash(folder: Path) -> None:
    entries = read_manifest(folder)
    assert {path.name for path in folder.iterdir()} == {*entries, "manifest.json"} == set(NAMES)
    assert {path.name: len(data) for path, data in checked_files(folder)} == {
        name: entry["size"] for name, entry in entries.items()
    }


def test_the_order_of_writing_does_not_change_the_manifest(folder: Path) -> None:
    entries = read_manifest(folder)
    assert written_manifest(dict(reversed(entries.items()))) == (folder / "manifest.json").read_bytes()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", [0.0, 0.5, 1.0])
def test_a_flipped_bit_anywhere_is_refused_naming_the_file(folder: Path, name: str, where: float) -> None:
    data = bytearray((folder / name).read_bytes())
    data[round(where * (len(data) - 1))] ^= 1
    (folder / name).write_bytes(data)
    # A changed hash in the manifest is told by the file that it belongs to
    named = "model" if name == "manifest.json" else name
    for read in (read_artifact, verify):
        with pytest.raises(ArtifactError, match=named):
            read(folder)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_byte_of_any_file_is_refused(folder: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    whole = (folder / name).read_bytes()
    changed = bytearray(whole)
    changed[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    (folder / name).write_bytes(changed)
    try:
        with pytest.raises(ArtifactError):
            verify(folder)
    finally:
        (folder / name).write_bytes(whole)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_refused_naming_it(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=f"{name}: is missing"):
        read_artifact(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_cut_short_or_grown_is_refused_naming_it(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    for data in (whole[:-1], b"", whole + b" "):
        (folder / name).write_bytes(data)
        with pytest.raises(ArtifactError, match=name):
            read_artifact(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_replaced_by_a_link_to_itself_is_refused(folder: Path, name: str) -> None:
    (folder / name).rename(folder.parent / "outside")
    (folder / name).symlink_to(folder.parent / "outside")
    with pytest.raises(ArtifactError, match=name):
        read_artifact(folder)


@pytest.mark.parametrize("name", ["notes.txt", ".DS_Store", "config.json.bak", "more.safetensors"])
def test_a_file_that_the_manifest_does_not_list_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("x")
    with pytest.raises(ArtifactError, match=f"{name}: is not part of the model"):
        read_artifact(folder)


@pytest.mark.parametrize(
    "name", ["model.pt", "model.pkl", "x.pickle", "MODEL.PTH", "x.joblib", "x.bin", "a.npy"]
)
def test_a_pickle_anywhere_is_refused_as_one(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\x80\x04.")
    with pytest.raises(ArtifactError, match=f"{name}: may be a pickle"):
        read_artifact(folder)


def test_a_folder_inside_the_folder_is_refused(folder: Path) -> None:
    (folder / "more").mkdir()
    with pytest.raises(ArtifactError, match="more: is not part"):
        read_artifact(folder)


def test_a_newer_format_says_to_upgrade(folder: Path) -> None:
    relist(folder, version=FORMAT_VERSION + 1)
    with pytest.raises(ArtifactError, match=r"format \d+ and this Regard reads format \d+; install a newer"):
        read_artifact(folder)


def test_an_older_format_says_to_train_again(folder: Path) -> None:
    relist(folder, version=FORMAT_VERSION - 1)
    with pytest.raises(
        ArtifactError, match=r"format \d+, which an older Regard wrote.*train the model again"
    ):
        read_artifact(folder)


@pytest.mark.parametrize(
    "name", ["../secret.json", "/etc/secret.json", "a/../b.json", "..", "model.pkl", "a\\b.json"]
)
def test_a_manifest_that_lists_a_path_outside_or_a_pickle_is_refused(folder: Path, name: str) -> None:
    (folder.parent / "secret.json").write_text("{}")
    relist(folder, files={name: {"sha256": "0" * 64, "size": 2}})
    with pytest.raises(ArtifactError, match=r"manifest.json: do not use this folder"):
        read_artifact(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "1",
        "{}",
        '{"format": "zip"}',
        "[" * 100_000,
        '{"format": "regard", "version": 1}',
    ],
)
def test_a_manifest_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"manifest.json: is not a manifest"):
        read_artifact(folder)
