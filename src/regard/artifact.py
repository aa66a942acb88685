"""Artifact: a model as one folder of safetensors, JSON, Parquet and text, listed in a manifest.

Notable choices:

- A file is parsed only after the very bytes in memory were found to be those that `regard.manifest`
  lists. Nothing in the folder can run code: there is no pickle, and a file not listed is refused.
- A folder is written beside its place under a hidden name, flushed to disk and renamed. The model that
  it replaces is set aside as ``.NAME.previous`` for the moment between the two renames, and a reader
  that finds no NAME takes that: a writer killed at any point leaves the old model or the new one. It
  may also leave a hidden folder ``.NAME.*.partial``, which can be deleted.
- Only files that a manifest lists are ever deleted: a folder that is not a model, or that holds files
  of somebody else, is never replaced.

It knows no model: what the documents, tensors and tables mean is the business of whoever writes them.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from regard.errors import ArtifactError
from regard.manifest import (
    AGAIN,
    MANIFEST,
    TEXT_SUFFIXES,
    checked_files,
    read_manifest,
    refuse_name,
    refuse_unlisted,
    written_manifest,
)

__all__ = ["ArtifactContent", "check_target", "read_artifact", "verify", "write_artifact"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArtifactContent:
    """What a model folder holds, by plain names: letters, digits, dash, underscore and dot.

    Parameters
    ----------
    documents
        Kept as NAME.json. What JSON would change (tuples, keys that are not strings, NaN) is refused.
    tensors
        Kept as NAME.safetensors: named dense tensors, which come back on the CPU.
    tables
        Kept as NAME.parquet.
    texts
        Kept under their own names, which end in .jsonl, .md or .txt.
    """

    documents: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    tensors: Mapping[str, Mapping[str, Tensor]] = field(default_factory=dict)
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def write_artifact(folder: str | Path, content: ArtifactContent) -> None:
    """Write a model folder, whole or not at all; an older model at the same place is replaced.

    Parameters
    ----------
    folder
        Where the model shall be; missing parents are made. One writer at a time.
    content
        What to keep.

    Raises
    ------
    ArtifactError
        If a name is not plain, a value cannot be kept, or the place is taken by something else than a
        model that this version can read.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "model"
    >>> write_artifact(folder, ArtifactContent(documents={"config": {"width": 64}}))
    >>> read_artifact(folder).documents
    {'config': {'width': 64}}
    """
    target = Path(os.path.abspath(folder))
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.parent / f".{target.name}.{secrets.token_hex(8)}.partial"
    staged.mkdir()
    try:
        _fill(staged, content)
        _publish(staged, target)
    finally:
        if staged.is_dir():
            for path in staged.iterdir():
                path.unlink()
            staged.rmdir()


def check_target(folder: str | Path) -> None:
    """Raise ArtifactError where a model could not be written, before hours are spent on training it."""
    target = Path(os.path.abspath(folder))
    _refuse_unless_replaceable(target)
    _refuse_unless_replaceable(_aside(target))


def read_artifact(folder: str | Path) -> ArtifactContent:
    """Read a model folder after checking every file against the manifest.

    The folder itself may be reached through a link, its files may not.

    Raises
    ------
    ArtifactError
        If there is no model, a file is missing, changed, cut short or not listed, or the format is
        newer; the message names the file and says what to do.
    """
    documents: dict[str, dict[str, Any]] = {}
    tensors: dict[str, dict[str, Tensor]] = {}
    tables: dict[str, pl.DataFrame] = {}
    texts: dict[str, str] = {}
    for path, data in checked_files(_located(folder)):
        try:
            if path.suffix == ".json":
                documents[path.stem] = _decoded_document(data)
            elif path.suffix == ".safetensors":
                tensors[path.stem] = safetensors.torch.load(data)
            elif path.suffix == ".parquet":
                tables[path.stem] = pl.read_parquet(io.BytesIO(data))
            else:
                texts[path.name] = data.decode()
        except (ValueError, KeyError, RecursionError, SafetensorError, pl.exceptions.PolarsError) as error:
            raise ArtifactError(f"{path}: is not a {path.suffix} file ({error}); {AGAIN}") from error
    return ArtifactContent(documents=documents, tensors=tensors, tables=tables, texts=texts)


def verify(folder: str | Path) -> None:
    """Check every file of a model folder against the manifest, without parsing any.

    Raises
    ------
    ArtifactError
        As `read_artifact` does.
    """
    for _ in checked_files(_located(folder)):
        pass


def _decoded_document(data: bytes) -> dict[str, Any]:
    document = json.loads(data)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 -- a damaged file, not a wrong argument
    return document


def _located(folder: str | Path) -> Path:
    """Return where the model is: its place, or where an interrupted writer set it aside."""
    target = Path(os.path.abspath(folder))
    if target.is_dir():
        return target
    if os.path.lexists(target):
        raise ArtifactError(f"{target}: is not a folder; name the folder that a model was saved to")
    aside = _aside(target)
    if (aside / MANIFEST).is_file():
        return aside
    raise ArtifactError(f"{target}: does not exist; name the folder that a model was saved to")


def _refuse_unless_replaceable(target: Path) -> None:
    if not os.path.lexists(target):
        return
    if target.is_symlink() or not target.is_dir():
        raise ArtifactError(f"{target}: exists and is not a folder; choose another place for the model")
    if not any(target.iterdir()):
        return
    try:
        refuse_unlisted(target, read_manifest(target))
    except ArtifactError as error:
        raise ArtifactError(
            f"{target}: is not empty and not a whole model of Regard, so it is not replaced; "
            f"choose another folder or empty it yourself ({error})"
        ) from error


def _fill(folder: Path, content: ArtifactContent) -> None:
    entries: dict[str, dict[str, Any]] = {}
    for name, data in _encoded(content):
        refuse_name(name)
        if name.lower() in {other.lower() for other in entries}:
            raise ArtifactError(f"{name!r}: two files of a model differ only in upper and lower case")
        entries[name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        _write_file(folder / name, data)
    _write_file(folder / MANIFEST, written_manifest(entries))
    _sync_folder(folder)


def _encoded(content: ArtifactContent) -> Iterator[tuple[str, bytes]]:
    """Yield the files one by one, so that only one is in memory beside its source."""
    for name, document in content.documents.items():
        yield f"{name}.json", _encoded_document(name, document)
    for name, group in content.tensors.items():
        yield f"{name}.safetensors", _encoded_tensors(name, group)
    for name, table in content.tables.items():
        buffer = io.BytesIO()
        try:
            table.write_parquet(buffer)
        except pl.exceptions.PolarsError as error:
            raise ArtifactError(f"table {name!r} cannot be kept: {error}") from error
        yield f"{name}.parquet", buffer.getvalue()
    for name, text in content.texts.items():
        if not name.endswith(TEXT_SUFFIXES):
            raise ArtifactError(f"text {name!r} must end in {', '.join(TEXT_SUFFIXES)}")
        try:
            yield name, text.encode()
        except UnicodeEncodeError as error:
            raise ArtifactError(f"text {name!r} cannot be kept: {error}") from error


def _encoded_document(name: str, document: dict[str, Any]) -> bytes:
    try:
        data = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"document {name!r} cannot be kept as JSON: {error}") from error
    if json.loads(data) != document:
        raise ArtifactError(f"document {name!r} would come back changed: use lists, and strings as keys")
    return data


def _encoded_tensors(name: str, group: Mapping[str, Tensor]) -> bytes:
    dense: dict[str, Tensor] = {}
    held = set()
    try:
        for key, tensor in group.items():
            dense[key] = tensor.detach().to("cpu").contiguous()
            memory = dense[key].untyped_storage().data_ptr()
            if memory in held:  # tied weights: safetensors refuses tensors that share memory
                dense[key] = dense[key].clone()
            held.add(memory)
        return safetensors.torch.save(dense)
    except (ValueError, KeyError, RuntimeError) as error:
        raise ArtifactError(f"tensors {name!r} cannot be kept: {error}") from error


def _publish(staged: Path, target: Path) -> None:
    """Put `staged` at its place; at every moment `_located` finds a whole model."""
    aside = _aside(target)
    if target.exists() and not any(target.iterdir()):
        target.rmdir()
    if target.exists():
        _discard(aside)
        os.rename(target, aside)
        try:
            os.rename(staged, target)
        except BaseException:
            os.rename(aside, target)
            raise
    else:
        os.rename(staged, target)
    _sync_folder(target.parent)
    _discard(aside)


def _aside(target: Path) -> Path:
    return target.parent / f".{target.name}.previous"


def _discard(folder: Path) -> None:
    """Delete the files that a manifest lists, the manifest, then the empty folder; nothing else."""
    if (folder / MANIFEST).is_file():
        for name in [*read_manifest(folder), MANIFEST]:
            (folder / name).unlink(missing_ok=True)
    if folder.is_dir():
        folder.rmdir()


def _write_file(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder to flush it
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
