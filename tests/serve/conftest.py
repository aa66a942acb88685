"""The stores that the tests of a log run against: real servers, started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from benchmarks.serve.servers import NotInstalled, PostgresServer, RedisServer, Server

from regard.serve.log import EventLog
from regard.serve.stores.book import open_log

S = TypeVar("S", bound=Server)


def running(kind: type[S]) -> Iterator[S]:
    """Start a server and remove it at the end; skip where it is not installed."""
    try:
        server = kind()
    except NotInstalled as missing:
        pytest.skip(str(missing))
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """PostgreSQL for all tests that leave it running."""
    yield from running(PostgresServer)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Redis for all tests that leave it running."""
    yield from running(RedisServer)


@pytest.fixture
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server for one test, which may kill it."""
    yield from running(request.param)


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty log, in each store in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/events.db"
    server: PostgresServer | RedisServer = request.getfixturevalue(f"{request.param}_server")
    server.empty()
    return server.url


@pytest.fixture
def log(url: str) -> Iterator[EventLog]:
    """An empty log."""
    opened = open_log(url)
    yield opened
    opened.close()
