"""Where the files of MovieLens-100K are found: a cache, an installed package, the public download.

The package is ``recbole``, whose distribution carries the data set; its files are found by path, the
package is never imported. A download is checked against the published MD5 before anything reads it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from regard.data.sources.movielens import ML_100K_URL
from regard.errors import DataError

__all__ = ["Found", "default_cache", "find_ml_100k"]

_MD5 = "0e33842e24a9c977be4e0107933c0723"
_FILES = ("u.data", "u.item", "u.user")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A folder of files and, in words, where they came from."""

    folder: Path
    origin: str


def default_cache() -> Path:
    """Return the folder where downloads are kept: ``$XDG_CACHE_HOME/regard`` or ``~/.cache/regard``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "regard"


def find_ml_100k(
    *, cache: Path | None = None, package: str = "recbole", url: str = ML_100K_URL, md5: str = _MD5
) -> Found:
    """Return a folder that holds MovieLens-100K.

    Parameters
    ----------
    cache
        Folder of downloads, by default `default_cache`.
    package
        Distribution whose files hold the data set.
    url, md5
        The public download and its published checksum.

    Raises
    ------
    DataError
        If it is nowhere and cannot be downloaded, saying where to put the files by hand.
    """
    kept = (cache or default_cache()) / "ml-100k"
    if all((kept / name).is_file() for name in _FILES):
        return Found(folder=kept, origin=f"the cache {kept}")
    installed = _in_package(package)
    if installed is not None:
        return Found(folder=installed, origin=f"the files of the installed package {package}")
    _download(url, md5=md5, into=kept)
    return Found(folder=kept, origin=url)


def _in_package(package: str) -> Path | None:
    try:
        files = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return None
    folder = Path(str(files.locate_file("recbole/dataset_example/ml-100k")))
    ends = ("inter", "item", "user")
    return folder if all((folder / f"ml-100k.{end}").is_file() for end in ends) else None


def _download(url: str, *, md5: str, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    archive = into / "download.zip"
    by_hand = f"download {ML_100K_URL} by hand and put {', '.join(_FILES)} into {into}"
    try:
        # The URL is a constant of this package, and what comes is checked below.
        with urllib.request.urlopen(url, timeout=60) as response, archive.open("wb") as file:  # nosec B310
            shutil.copyfileobj(response, file)
        digest = hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest()
        if digest != md5:
            raise DataError(f"ml-100k: {url} has the MD5 {digest} instead of {md5}; {by_hand}")
        with zipfile.ZipFile(archive) as packed:
            for name in _FILES:
                (into / name).write_bytes(packed.read(f"ml-100k/{name}"))
    except (urllib.error.URLError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"ml-100k: {url} cannot be downloaded ({error}); {by_hand}") from error
    finally:
        archive.unlink(missing_ok=True)
