"""Supervise: the application on a socket, until it is told to stop: then what was begun is finished.

The protocol is uvicorn's, with two limits that it lacks: how large the head of a request may be, and how long
it may take to come. A socket is opened before, so that a port that is taken is said at once.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import dataclass
from types import FrameType

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from regard.errors import ConfigError
from regard.serve.door import Door
from regard.serve.service import Service

__all__ = ["GuardedProtocol", "Listening", "listen", "server_of"]

_HEAD_BYTES = 32 << 10
_HEAD_SECONDS = 10.0
_IDLE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """An open socket.

    Parameters
    ----------
    socket, host, port
        Where requests come in.
    """

    socket: socket.socket
    host: str
    port: int


class GuardedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose heads are bounded in size and time: what is more is hung up on."""

    _head = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first head."""
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Read; hang up where a head goes on for too long."""
        super().data_received(data)
        if self._timer is not None:
            self._head += len(data)
            if self._head > _HEAD_BYTES:
                self.transport.close()

    def on_message_begin(self) -> None:
        """Start the clock of a head."""
        self._start()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop the clock."""
        self._stop()
        if sum(len(name) + len(value) for name, value in self.headers) > _HEAD_BYTES:
            self.transport.close()
            return
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def _start(self) -> None:
        self._stop()
        self._head = 0
        self._timer = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def listen(host: str, port: int) -> Listening:
    """Open a socket; port 0 takes one that is free.

    Raises
    ------
    ConfigError
        If the address cannot be used, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        opened = socket.create_server((host, port), family=family, backlog=2_048)
    except OSError as error:
        raise ConfigError(f"{host}, port {port}: cannot be listened on: {error.strerror}") from None
    return Listening(socket=opened, host=host, port=opened.getsockname()[1])


def server_of(app: Door, service: Service, *, drain: float) -> uvicorn.Server:
    """Return what answers requests: ``run(sockets=[listen(host, port).socket])``.

    On SIGTERM or SIGINT it finishes what has begun, for `drain` seconds at most, and returns.
    """
    config = uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=max(1, round(drain)),
    )
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        service.journal.take_over(name)
    logging.getLogger("uvicorn.access").propagate = False  # paths hold ids; the door writes its own lines
    return _Server(config, service)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._service.draining = True
        super().handle_exit(sig, frame)
