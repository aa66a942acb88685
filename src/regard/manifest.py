"""Manifest: which files a folder holds, byte for byte, and the refusal of everything else.

Notable choices:

- ``manifest.json`` holds the format's version and the size and sha256 of every other file, written in
  one way only, so that a changed byte of the manifest itself is noticed too.
- Names are plain and have a known ending: no path leads out of the folder, and no pickle is listed.
- A file that is not listed is refused rather than ignored: what was checked is all there is.

It does not know what the files mean, nor how a folder comes to its place.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from regard.errors import ArtifactError

__all__ = [
    "AGAIN",
    "FORMAT_VERSION",
    "MANIFEST",
    "TEXT_SUFFIXES",
    "Entries",
    "checked_files",
    "is_artifact",
    "read_manifest",
    "refuse_name",
    "refuse_unlisted",
    "written_manifest",
]

FORMAT_VERSION = 2
MANIFEST = "manifest.json"
AGAIN = "save the model again, or copy the folder again from where it is whole"
TEXT_SUFFIXES = (".jsonl", ".md", ".txt")
PICKLE_SUFFIXES = (".bin", ".ckpt", ".joblib", ".npy", ".npz", ".pickle", ".pkl", ".pt", ".pth")
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")

Entries = Mapping[str, Mapping[str, Any]]
"""The listed files: name -> ``{"sha256": hexadecimal, "size": bytes}``."""


def written_manifest(entries: Entries) -> bytes:
    """Return the bytes of ``manifest.json`` for these files: the same files, the same bytes."""
    manifest = {"format": "regard", "version": FORMAT_VERSION, "files": dict(sorted(entries.items()))}
    return (json.dumps(manifest, indent=2) + "\n").encode()


def read_manifest(folder: Path) -> Entries:
    """Return what the manifest of a folder lists.

    Raises
    ------
    ArtifactError
        If there is none, it is of another format, lists a path that is not a plain name, or differs in
        any byte from what `written_manifest` wrote.
    """
    path = folder / MANIFEST
    if path.is_symlink() or not path.is_file():
        raise ArtifactError(f"{path}: is missing, so {folder.name} is not a model folder of Regard")
    data = path.read_bytes()
    try:
        manifest = json.loads(data)
        if manifest["format"] != "regard":
            raise ValueError("its format is not 'regard'")
        version, listed = manifest["version"], manifest["files"]
        entries = {name: {"sha256": str(e["sha256"]), "size": int(e["size"])} for name, e in listed.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ArtifactError(f"{path}: is not a manifest ({error}); {AGAIN}") from error
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ArtifactError(
            f"{path}: has format {version} and this Regard reads format {FORMAT_VERSION}; "
            "install a newer Regard: pip install --upgrade regard"
        )
    if isinstance(version, int) and version < FORMAT_VERSION:
        raise ArtifactError(
            f"{path}: has format {version}, which an older Regard wrote, and this one reads format "
            f"{FORMAT_VERSION}; train the model again, or use the Regard that wrote it"
        )
    for name in entries:
        try:
            refuse_name(name)
        except ArtifactError as error:
            raise ArtifactError(f"{path}: do not use this folder; {error}") from error
    if written_manifest(entries) != data:
        raise ArtifactError(f"{path}: was changed after it was saved; {AGAIN}")
    return entries


def checked_files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield each listed file with its bytes, after these very bytes were checked.

    Raises
    ------
    ArtifactError
        At the first file that is missing, a link, cut short, changed or not listed.
    """
    entries = read_manifest(folder)
    refuse_unlisted(folder, entries)
    for name, entry in entries.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            raise ArtifactError(f"{path}: is missing or not a plain file; {AGAIN}")
        size = path.stat().st_size
        if size != entry["size"]:
            raise ArtifactError(f"{path}: has {size} bytes instead of {entry['size']}; {AGAIN}")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise ArtifactError(f"{path}: was changed after it was saved (its sha256 differs); {AGAIN}")
        yield path, data


def is_artifact(path: str | Path) -> bool:
    """Tell whether a path looks like a model folder: it has a manifest, whether or not that is sound."""
    return (Path(path) / MANIFEST).is_file()


def refuse_unlisted(folder: Path, entries: Entries) -> None:
    """Refuse a folder that holds a file which the manifest does not list.

    Raises
    ------
    ArtifactError
        Naming the first such file.
    """
    for path in sorted(folder.iterdir()):
        if path.name in entries or path.name == MANIFEST:
            continue
        if path.suffix.lower() in PICKLE_SUFFIXES:
            raise ArtifactError(f"{path}: may be a pickle, which runs code when it is read; delete it")
        raise ArtifactError(f"{path}: is not part of the model (the manifest does not list it); move it away")


def refuse_name(name: str) -> None:
    """Refuse a name that no file of a model may have.

    Raises
    ------
    ArtifactError
        If the name is not plain, has an unknown ending, or is that of the manifest.

    Examples
    --------
    >>> refuse_name("weights.safetensors")
    >>> refuse_name("../weights.safetensors")
    Traceback (most recent call last):
    regard.errors.ArtifactError: '../weights.safetensors' cannot be a file of a model: ...
    """
    known = name.endswith((".json", ".safetensors", ".parquet", *TEXT_SUFFIXES))
    if PLAIN_NAME.fullmatch(name) is None or name == MANIFEST or not known:
        raise ArtifactError(
            f"{name!r} cannot be a file of a model: a name has letters, digits, '-', '_' and '.', "
            f"starts with a letter or digit, is not {MANIFEST}, and has an ending that Regard writes"
        )
