"""What lies beside the database of a log: the lock against a second process, and the head.

The head is the last acknowledged number, written after each commit and never synced. SQLite silently leaves
out the tail of a damaged write-ahead log; a head that is ahead of the log tells that acknowledged events are
gone. After a power cut the head may be behind, which says nothing. It knows no SQL.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import zlib
from pathlib import Path

from regard.errors import StoreBusy, StoreDown

__all__ = ["FileLock", "Head", "read_head", "sync_folder"]

_HEAD = struct.Struct("<Q")
_SUM = struct.Struct("<I")


class FileLock:
    """Holds ``PATH-lock`` for this process, until it is let go or the process ends, however it ends.

    Raises
    ------
    StoreBusy
        If it is held already, by this process or another.
    StoreDown
        If the folder cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(f"{path}-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreDown(f"{path}: cannot be opened ({error.strerror})") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(self._file, 20, 0).decode("ascii", "replace") or "unknown"
            os.close(self._file)
            raise StoreBusy(
                f"{path}: is in use by another process (number {owner}); one process writes to a file: end "
                "that one, or share a log in PostgreSQL or Redis"
            ) from None
        with contextlib.suppress(OSError):  # a full disk: the lock holds, only the number is not said
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go."""
        os.close(self._file)


class Head:
    """The last acknowledged number of a log, in ``PATH-head``."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(f"{path}-head", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def read(self) -> int:
        """Return the number; 0 where none was written whole."""
        return read_head(os.pread(self._file, _HEAD.size + _SUM.size, 0))

    def write(self, number: int) -> None:
        """Write the number. Failing is no error: an older head is true as well."""
        body = _HEAD.pack(number)
        with contextlib.suppress(OSError):
            os.pwrite(self._file, body + _SUM.pack(zlib.crc32(body)), 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def read_head(found: bytes) -> int:
    """Return the number that the bytes of a head say; 0 where it is not whole."""
    if len(found) != _HEAD.size + _SUM.size:
        return 0
    body, (total,) = found[: _HEAD.size], _SUM.unpack(found[_HEAD.size :])
    return int(_HEAD.unpack(body)[0]) if zlib.crc32(body) == total else 0


def sync_folder(folder: Path) -> None:
    """Make the names of new files in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
