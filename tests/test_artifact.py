"""A model folder comes back as it went in, or is refused with a message that says what to do."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard import artifact
from regard.artifact import ArtifactContent, read_artifact, verify, write_artifact
from regard.errors import ArtifactError
from regard.manifest import read_manifest, written_manifest

FILES = {"README.md", "config.json", "items.parquet", "training.jsonl", "weights.safetensors"}


OBJECTS = pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)})


def content(seed: int = 0) -> ArtifactContent:
    generator = torch.Generator().manual_seed(seed)
    table = torch.randn(5, 4, generator=generator)
    return ArtifactContent(
        documents={"config": {"seed": seed, "nested": {"名": [1, 2.5, None]}}},
        tensors={"weights": {"table": table, "head": table, "half": table.bfloat16(), "empty": table[:0]}},
        tables={"items": pl.DataFrame({"item_id": ["a", "b"], "title": ["A", None]})},
        texts={"training.jsonl": '{"step": 1}\r\n', "README.md": "# Ein Modell für später\n"},
    )


def bits(content: ArtifactContent) -> dict[str, object]:
    tensors = {
        (name, key): (tensor.dtype, tensor.shape, tensor.double().tolist())
        for name, group in content.tensors.items()
        for key, tensor in group.items()
    }
    tables = {name: (table.schema, table.rows()) for name, table in content.tables.items()}
    return {"documents": content.documents, "texts": content.texts, "tensors": tensors, "tables": tables}


def same(one: ArtifactContent, other: ArtifactContent) -> bool:
    return bits(one) == bits(other)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_artifact(tmp_path / "model", content())
    return tmp_path / "model"


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---- what goes in comes out ----


def test_everything_comes_back_bit_for_bit(folder: Path) -> None:
    assert same(read_artifact(folder), content())
    assert set(listing(folder)) == FILES | {"manifest.json"}
    verify(folder)


def test_the_same_content_gives_the_same_bytes(tmp_path: Path, folder: Path) -> None:
    write_artifact(tmp_path / "twin", content())
    for name in FILES | {"manifest.json"}:
        assert (folder / name).read_bytes() == (tmp_path / "twin" / name).read_bytes(), name


def test_a_view_that_is_not_contiguous_is_kept_by_value(tmp_path: Path) -> None:
    turned = torch.arange(6).reshape(2, 3).T
    write_artifact(tmp_path / "m", ArtifactContent(tensors={"weights": {"turned": turned}}))
    assert torch.equal(read_artifact(tmp_path / "m").tensors["weights"]["turned"], turned)


def test_nothing_at_all_is_a_model_folder_too(tmp_path: Path) -> None:
    write_artifact(tmp_path / "deep" / "er" / "m", ArtifactContent())
    assert same(read_artifact(tmp_path / "deep" / "er" / "m"), ArtifactContent())


def test_the_folder_itself_may_be_a_link(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "latest").symlink_to(folder)
    assert same(read_artifact(tmp_path / "latest"), content())


texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=st.dictionaries(texts, json_values, max_size=4))
def test_any_json_document_comes_back_equal(tmp_path: Path, document: dict[str, object]) -> None:
    write_artifact(tmp_path / "model", ArtifactContent(documents={"config": document}))
    assert read_artifact(tmp_path / "model").documents["config"] == document


# ---- what cannot be kept is refused before anything is replaced ----


@pytest.mark.parametrize(
    "name", ["../out", "/etc/out", "a/b", "a\\b", "", ".hidden", "..", "a b", "a\n", "ä", "x" * 300, "a\x00b"]
)
@pytest.mark.parametrize("kind", ["documents", "tensors", "tables", "texts"])
def test_a_name_that_is_not_plain_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    value = {"documents": {}, "tensors": {}, "tables": pl.DataFrame({"a": [1]}), "texts": ""}[kind]
    full = f"{name}.md" if kind == "texts" else name
    with pytest.raises(ArtifactError, match="cannot be a file of a model"):
        write_artifact(tmp_path / "m", ArtifactContent(**{kind: {full: value}}))  # type: ignore[arg-type]
    assert listing(tmp_path) == []


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (ArtifactContent(documents={"manifest": {}}), "manifest.json"),
        (ArtifactContent(documents={"c": {"a": (1, 2)}}), "come back changed"),
        (ArtifactContent(documents={"c": {1: 2}}), "come back changed"),  # type: ignore[dict-item]
        (ArtifactContent(documents={"c": {"a": float("nan")}}), "'c' cannot be kept"),
        (ArtifactContent(documents={"c": {"a": {1, 2}}}), "'c' cannot be kept"),
        (ArtifactContent(documents={"c": {"a": "\ud800"}}), "'c' cannot be kept"),
        (ArtifactContent(texts={"notes.md": "\ud800"}), "notes.md"),
        (ArtifactContent(texts={"weights.pt": "x"}), "must end in"),
        (ArtifactContent(texts={"config.json": "{}"}), "must end in"),
        (ArtifactContent(documents={"A": {}, "a": {}}), "upper and lower case"),
        (ArtifactContent(tensors={"w": {"s": torch.eye(2).to_sparse()}}), "'w' cannot be kept"),
        (ArtifactContent(tables={"t": OBJECTS}), "'t' cannot be kept"),
    ],
)
def test_what_would_come_back_changed_is_refused_and_the_old_model_stays(
    folder: Path, bad: ArtifactContent, message: str
) -> None:
    with pytest.raises(ArtifactError, match=message):
        write_artifact(folder, bad)
    assert same(read_artifact(folder), content())
    assert listing(folder.parent) == ["model"]


# ---- what is there must be a model ----


JUNK = (b"", b"[1]", b"\xff\xfe junk", b"[" * 100_000)
PARSED = [(name, junk) for name in ("config.json", "weights.safetensors", "items.parquet") for junk in JUNK]


@pytest.mark.parametrize(("name", "junk"), [*PARSED, ("README.md", b"\xff\xfe junk")])
def test_a_listed_file_that_cannot_be_parsed_is_refused_naming_it(
    folder: Path, name: str, junk: bytes
) -> None:
    files = dict(read_manifest(folder))
    (folder / name).write_bytes(junk)
    files[name] = {"sha256": hashlib.sha256(junk).hexdigest(), "size": len(junk)}
    (folder / "manifest.json").write_bytes(written_manifest(files))
    verify(folder)
    with pytest.raises(ArtifactError, match=f"{name}: is not a"):
        read_artifact(folder)


def test_a_place_without_a_model_is_refused_saying_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="nowhere: does not exist"):
        read_artifact(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArtifactError, match="file: is not a folder"):
        read_artifact(tmp_path / "file")
    with pytest.raises(ArtifactError, match=r"manifest.json: is missing"):
        read_artifact(tmp_path)


# ---- replacing ----


def test_a_model_is_replaced_by_another_and_nothing_else_is_left(folder: Path) -> None:
    write_artifact(folder, content(1))
    assert same(read_artifact(folder), content(1))
    write_artifact(folder, ArtifactContent(texts={"only.md": "x"}))
    assert listing(folder) == ["manifest.json", "only.md"]
    assert listing(folder.parent) == ["model"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    write_artifact(tmp_path, content())
    assert same(read_artifact(tmp_path), content())


def test_a_damaged_model_can_be_replaced(folder: Path) -> None:
    (folder / "config.json").unlink()
    write_artifact(folder, content(1))
    assert same(read_artifact(folder), content(1))


def test_a_folder_that_is_not_a_model_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ArtifactError, match="so it is not replaced"):
        write_artifact(tmp_path, content())
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_model_folder_with_a_file_of_somebody_else_is_never_replaced(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ArtifactError, match=r"notes.txt"):
        write_artifact(folder, content(1))
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_file_or_a_link_is_never_replaced(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "latest").symlink_to(folder)
    for place in ("file", "latest"):
        with pytest.raises(ArtifactError, match="is not a folder"):
            write_artifact(tmp_path / place, content(1))
    assert same(read_artifact(folder), content())


def test_a_foreign_folder_under_the_hidden_name_is_not_deleted(folder: Path) -> None:
    aside = folder.parent / ".model.previous"
    aside.mkdir()
    (aside / "notes.txt").write_text("mine")
    with pytest.raises(ArtifactError, match=r"\.model\.previous"):
        write_artifact(folder, content(1))
    assert same(read_artifact(folder), content())
    assert (aside / "notes.txt").exists()


# ---- a writer that is stopped leaves the old or the new ----


@pytest.mark.parametrize("failing", range(9))
@pytest.mark.parametrize("operation", ["rename", "fsync"])
def test_a_disk_that_fails_at_any_step_leaves_the_old_or_the_new(
    folder: Path, monkeypatch: pytest.MonkeyPatch, failing: int, operation: str
) -> None:
    real, calls = getattr(os, operation), iter(range(1_000_000))

    def sometimes(*arguments: object) -> None:
        if next(calls) == failing:
            raise OSError(28, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(artifact.os, operation, sometimes)
    try:
        write_artifact(folder, content(1))
        expected = [content(1)]
    except OSError:
        expected = [content(0), content(1)]
    monkeypatch.undo()
    found = read_artifact(folder)
    assert any(same(found, candidate) for candidate in expected)
    assert not [name for name in listing(folder.parent) if name.endswith(".partial")]
    write_artifact(folder, content(2))
    assert same(read_artifact(folder), content(2))
    assert listing(folder.parent) == ["model"]


def test_a_writer_that_died_between_the_two_renames_leaves_the_old_readable(folder: Path) -> None:
    folder.rename(folder.parent / ".model.previous")
    assert same(read_artifact(folder), content())
    write_artifact(folder, content(1))
    assert same(read_artifact(folder), content(1))
    assert listing(folder.parent) == ["model"]


WRITER = """
import itertools, sys
from regard.artifact import ArtifactContent, write_artifact
print("ready", flush=True)
for turn in itertools.count(1):
    number = {"turn": turn}
    write_artifact(sys.argv[1], ArtifactContent(documents={"a": number, "b": number, "c": number}))
"""


def test_a_killed_writer_leaves_a_whole_model(folder: Path) -> None:
    write_artifact(folder, ArtifactContent(documents={name: {"turn": 0} for name in "abc"}))
    turns = []
    for attempt in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(0.05 + 0.013 * attempt)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        documents = read_artifact(folder).documents
        assert documents["a"] == documents["b"] == documents["c"]
        turns.append(documents["a"]["turn"])
    assert max(turns) > 0, "the writer never finished a model, so nothing was tested"
