"""Where the files of an encoder are: a local path, an installed package that carries them, or the hub.

A package is looked at, never imported: its folder is enough. The version of an encoder is a hash over the
bytes of its files, so that other weights under the same name never meet old vectors.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Iterable
from importlib.machinery import ModuleSpec
from pathlib import Path

from regard.errors import ConfigError, MissingExtraError

__all__ = ["encoder_name", "find_folder", "find_weights", "hash_of"]

WEIGHTS = (".safetensors", ".pth", ".pt", ".bin")


def find_folder(name: str, *, marker: str) -> Path:
    """Return the folder that an encoder's name stands for.

    Parameters
    ----------
    name
        A folder, an installed package, or a name on the hub.
    marker
        A file that the folder must hold, for instance ``modules.json``; in a package the first folder below
        it that holds one is taken.

    Raises
    ------
    ConfigError
        If nothing is found, saying what was tried.
    """
    local = Path(name).expanduser()
    if local.is_dir():
        if not (local / marker).is_file():
            raise ConfigError(f"{local}: is no encoder's folder, it has no {marker}")
        return local
    package = _package(name)
    if package is not None:
        found = sorted(package.rglob(marker))
        if not found:
            raise ConfigError(f"package {name}: holds no encoder, there is no {marker} in {package}")
        return found[0].parent
    return _from_hub(name)


def find_weights(name: str) -> Path:
    """Return the file of weights that a name stands for: a file, or the only one in a folder or package.

    Raises
    ------
    ConfigError
        If there is none, or more than one.
    """
    local = Path(name).expanduser()
    if local.is_file():
        return local
    folder = local if local.is_dir() else _package(name) or _from_hub(name)
    found = sorted(path for path in folder.rglob("*") if path.suffix in WEIGHTS)
    safe = [path for path in found if path.suffix == ".safetensors"]
    chosen = safe or found
    if len(chosen) != 1:
        count = "no file" if not chosen else f"{len(chosen)} files"
        raise ConfigError(f"{name}: {folder} holds {count} of weights ({', '.join(WEIGHTS)}); name one file")
    return chosen[0]


def hash_of(paths: Iterable[Path], *settings: object) -> str:
    """Hash the bytes of files, in the order of their names, and settings that change what comes out.

    Examples
    --------
    >>> hash_of([], "pixels", 224) == hash_of([], "pixels", 224)
    True
    """
    digest = hashlib.sha256(repr(settings).encode())
    for path in sorted(paths):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def encoder_name(kind: str, name: str, version: str) -> str:
    """Compose an encoder's name, which names a folder too.

    Examples
    --------
    >>> encoder_name("text", "/models/my encoder/", "0123")
    'text-my-encoder-0123'
    """
    plain = re.sub(r"[^A-Za-z0-9._]+", "-", name.rstrip("/").rpartition("/")[2]).strip("-.")
    return f"{kind}-{plain[:60]}-{version}"


def _package(name: str) -> Path | None:
    """Return the folder of an installed package, which is not imported; None where there is none."""
    module = name.replace("-", "_")
    if not module.isidentifier():
        return None
    spec: ModuleSpec | None = importlib.util.find_spec(module)
    places = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(places))) if places else None


def _from_hub(name: str) -> Path:
    """Return the local copy of an encoder on the hub, downloading it where there is none yet."""
    nothing = f"encoder {name!r}: there is no such folder or file and no such package is installed"
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name) is None:
        raise ConfigError(
            f"{nothing}, and it is no name on the hub (owner/name); "
            "the default encoders come with: pip install 'regard[content]'"
        )
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise MissingExtraError("huggingface_hub", "content") from None
    # Pickles stay where they are: only safetensors and what describes them.
    wanted = ["*.safetensors", "*.json", "*.txt", "*.model"]
    try:
        # The caller names the encoder; what was read is told by its hash, which a model folder keeps.
        return Path(snapshot_download(name, allow_patterns=wanted, local_files_only=True))  # nosec B615
    except (OSError, ValueError):
        return _download(name, wanted, nothing)


def _download(name: str, wanted: list[str], nothing: str) -> Path:
    """Ask the hub, since there is no whole local copy."""
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=wanted))  # nosec B615
    except Exception as error:
        raise ConfigError(f"{nothing}, and the hub did not give it: {error}") from error
