"""Logs: one line of JSON for each request and each thing that happens, without keys and without raw ids.

A trace of a mistake names files and lines; its message is left out, because it may quote what was sent,
unless ids may be logged.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from typing import Any, TextIO

from regard.serve.moments import iso, now

__all__ = ["JsonLog"]

_FRAMES = 12


class JsonLog:
    """Writes lines of JSON.

    Parameters
    ----------
    stream
        Where to; None: standard error.
    ids
        Whether ids of users and items may be written.

    Examples
    --------
    >>> JsonLog(sys.stdout).write("started", {"port": 8000})  # doctest: +ELLIPSIS
    {"time":"...","level":"info","event":"started","port":8000}
    """

    def __init__(self, stream: TextIO | None = None, *, ids: bool = False) -> None:
        self._stream = stream or sys.stderr
        self.ids = ids

    def write(self, event: str, fields: Mapping[str, Any], *, level: str = "info") -> None:
        """Write a line; a stream that is gone is no reason to fail a request."""
        line = json.dumps(
            {"time": iso(now()), "level": level, "event": event, **fields}, separators=(",", ":"), default=str
        )
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return

    def mistake(self, error: BaseException, fields: Mapping[str, Any]) -> None:
        """Write what went wrong in the server itself."""
        frames = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        ]
        said = {"message": str(error)} if self.ids else {}
        self.write(
            "mistake", {**fields, "error": type(error).__name__, **said, "frames": frames}, level="error"
        )

    def take_over(self, name: str) -> None:
        """Write what another library logs under a name as lines of this log."""
        logger = logging.getLogger(name)
        logger.handlers = [_Handler(self)]
        logger.propagate = False
        logger.setLevel(logging.INFO)


class _Handler(logging.Handler):
    def __init__(self, log: JsonLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            self._log.mistake(record.exc_info[1], fields)
        else:
            self._log.write(
                "message", {**fields, "text": record.getMessage()}, level=record.levelname.lower()
            )
