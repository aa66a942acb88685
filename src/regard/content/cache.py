"""VectorCache: vectors by the hash of what they were made of, in Parquet, a folder for each encoder.

A part is written beside its place and renamed, and its name is the sha256 of its bytes: a part that was cut
off or changed by a single bit is recognised, removed with a note, and what it held is made again. Any number
of processes may add parts at the same time. Nothing in the folder can run code.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from regard.errors import ConfigError

__all__ = ["VectorCache"]

_KEY: Final = "sha256"
_VECTOR: Final = "vector"


class VectorCache:
    """Vectors of one version of one encoder.

    Parameters
    ----------
    folder
        Where they are kept; it is made when the first vector is added.

    Attributes
    ----------
    notes
        What had to be removed because it was damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes: list[str] = []

    def lookup(self, keys: Collection[str]) -> dict[str, np.ndarray]:
        """Return the ``[E]`` float32 vectors of those keys that are kept."""
        found: dict[str, np.ndarray] = {}
        if not keys or not self.folder.is_dir():
            return found
        wanted = pl.Series(_KEY, list(keys), dtype=pl.String)
        for path in sorted(self.folder.glob("*.parquet")):
            part = self._read(path)
            if part is not None:
                part = part.filter(pl.col(_KEY).is_in(wanted.implode()))
                found.update(zip(part[_KEY].to_list(), part[_VECTOR].to_numpy(), strict=True))
        return found

    def add(self, keys: Sequence[str], value_KE: np.ndarray) -> None:
        """Keep ``[K, E]`` float32 vectors as one part.

        Raises
        ------
        ConfigError
            If the folder cannot be written.
        """
        width = value_KE.shape[1]
        vectors = pl.Series(_VECTOR, value_KE, dtype=pl.Array(pl.Float32, width))
        buffer = io.BytesIO()
        pl.DataFrame({_KEY: pl.Series(list(keys), dtype=pl.String), _VECTOR: vectors}).write_parquet(
            buffer, compression="uncompressed"
        )
        data = buffer.getvalue()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".partial", delete=False) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(file.name, self.folder / f"{_digest(data)}.parquet")
        except OSError as error:
            raise ConfigError(f"cache {self.folder}: cannot be written ({error.strerror})") from error

    def _read(self, path: Path) -> pl.DataFrame | None:
        """Read one part; None where it had to be removed."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None  # another process found it damaged first
        except OSError as error:
            raise ConfigError(f"cache {path}: cannot be read ({error.strerror})") from error
        if _digest(data) == path.stem:
            return pl.read_parquet(io.BytesIO(data))
        path.unlink(missing_ok=True)
        self.notes.append(f"{path}: was damaged and is removed; its vectors are made again")
        return None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
