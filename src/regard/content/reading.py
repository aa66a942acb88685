"""Raw values of a column to what an encoder takes, each with the hash of its content.

A missing value (None or an empty text) is no problem. A value that cannot be used (a file that is not there,
an image that is too large) is one: it is reported with its row and counts as missing. A value that shows a
mistake in the whole column (numbers where text should be, a path that leaves the folder) is refused.

Nothing is downloaded, and no file outside the given folder is read: a path is relative to it, has no ``..``,
and still lies below it when its symbolic links are followed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from regard.errors import DataError

__all__ = ["Problem", "Readings", "path_below", "read_files", "read_texts"]


class Problem(NamedTuple):
    """A value that counts as missing, and why."""

    row: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Readings:
    """The values of R rows by the hash of their content.

    Parameters
    ----------
    key_R
        sha256 of each row's content; None where missing.
    value_of
        For each key the value, once: a text, bytes, or the path of a file.
    problems
        What could not be used.
    """

    key_R: list[str | None] = field(default_factory=list)
    value_of: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, key: str, value: object) -> None:
        """Note a row with content."""
        self.key_R.append(key)
        self.value_of.setdefault(key, value)

    def add_missing(self, reason: str | None = None) -> None:
        """Note a row without, and why where that is a problem."""
        if reason is not None:
            self.problems.append(Problem(len(self.key_R), reason))
        self.key_R.append(None)


def read_texts(
    values: Sequence[Any], *, where: str, max_characters: int, seen: Callable[[str], str]
) -> Readings:
    """Read texts; the key is of what `seen` leaves of one, so that texts which look alike are encoded once.

    Raises
    ------
    DataError
        If a value is no text.
    """
    readings = Readings()
    for row, value in enumerate(values):
        if value is None:
            readings.add_missing()
        elif not isinstance(value, str):
            raise DataError(
                f"{where}, row {row}: {_short(value)} is not text but {type(value).__name__}; "
                "make the column text, or say another kind for this field"
            )
        elif len(value) > max_characters:
            readings.add_missing(f"a text of {len(value):,} characters, more than {max_characters:,}")
        elif text := seen(value):
            readings.add(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), text)
        else:
            readings.add_missing()
    return readings


def read_files(values: Sequence[Any], *, where: str, folder: Path | None, max_bytes: int | None) -> Readings:
    """Read bytes, or paths of files below a folder; the key is of the bytes.

    Raises
    ------
    DataError
        If a value is neither, if a path leaves the folder, or if there are paths and no folder.
    """
    readings = Readings()
    for row, value in enumerate(values):
        if value is None or value == "":
            readings.add_missing()
        elif isinstance(value, bytes):
            _read_bytes(readings, value, max_bytes)
        elif not isinstance(value, str):
            raise DataError(
                f"{where}, row {row}: {_short(value)} is {type(value).__name__}; "
                "it should be the path of a file or the bytes of one"
            )
        elif "://" in value:
            readings.add_missing(f"{_short(value)} is an address: nothing is downloaded, save it as a file")
        elif folder is None:
            raise DataError(
                f"{where}, row {row}: {_short(value)} is a path; say the folder that it is relative to"
            )
        else:
            _read_path(readings, path_below(folder, value, place=f"{where}, row {row}"), max_bytes)
    return readings


def path_below(folder: Path, value: str, *, place: str) -> Path:
    """Return the path that a value means below a folder, symbolic links followed.

    Raises
    ------
    DataError
        If it is absolute, has ``..``, or leaves the folder by a symbolic link.

    Examples
    --------
    >>> path_below(Path("images"), "../secret.png", place="items.csv, column 'image', row 7")
    Traceback (most recent call last):
    regard.errors.DataError: items.csv, column 'image', row 7: '../secret.png' leaves the folder images; ...
    """
    inside = PurePosixPath(value)
    root = folder.resolve()
    refused = inside.is_absolute() or ".." in inside.parts or "\0" in value
    path = root if refused else (root / inside).resolve()
    if refused or not path.is_relative_to(root):
        raise DataError(
            f"{place}: {_short(value)} leaves the folder {folder}; "
            "paths are relative to it, without '..', and end below it"
        )
    return path


def _read_bytes(readings: Readings, value: bytes, max_bytes: int | None) -> None:
    if not value:
        readings.add_missing("no bytes at all")
    elif max_bytes is not None and len(value) > max_bytes:
        readings.add_missing(f"{len(value):,} bytes, more than {max_bytes:,}")
    else:
        readings.add(hashlib.sha256(value).hexdigest(), value)


def _read_path(readings: Readings, path: Path, max_bytes: int | None) -> None:
    try:
        if not path.is_file():
            return readings.add_missing(f"{path}: no such file")
        size = path.stat().st_size
        if size == 0:
            return readings.add_missing(f"{path}: is empty")
        if max_bytes is not None and size > max_bytes:
            return readings.add_missing(f"{path}: {size:,} bytes, more than {max_bytes:,}")
        with path.open("rb") as file:
            return readings.add(hashlib.file_digest(file, "sha256").hexdigest(), path)
    except OSError as error:
        return readings.add_missing(f"{path}: cannot be read ({error.strerror})")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
