"""Connections for reading, lent to one thread at a time; as many as were ever needed at once.

A connection that met an error is not lent again. It knows no store.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from regard.errors import StoreDown

__all__ = ["Closable", "Pool"]


class Closable(Protocol):
    """What can be closed: a connection."""

    def close(self) -> None:
        """Let go of what it holds."""
        ...


C = TypeVar("C", bound=Closable)


class Pool(Generic[C]):
    """A pool of connections.

    Parameters
    ----------
    make
        Makes a connection.
    name
        Of the store, for messages.

    Examples
    --------
    >>> import io
    >>> pool = Pool(io.StringIO, name="memory")
    >>> with pool.lend() as one:
    ...     _ = one.write("x")
    >>> with pool.lend() as same:
    ...     same is one
    True
    """

    def __init__(self, make: Callable[[], C], *, name: str) -> None:
        self._make = make
        self._name = name
        self._idle: list[C] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextlib.contextmanager
    def lend(self) -> Iterator[C]:
        """Lend a connection.

        Raises
        ------
        StoreDown
            After `close`.
        """
        with self._lock:
            if self._closed:
                raise StoreDown(f"{self._name}: is closed")
            found = self._idle.pop() if self._idle else None
        connection = self._make() if found is None else found
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)

    def forget(self) -> None:
        """Close every connection that nobody has: after a server was lost."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Close all; those that are lent, when they come back."""
        with self._lock:
            self._closed = True
        self.forget()

    def _give_back(self, connection: C) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()
