"""The stores that the tests of a log run against: real servers, started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serve.servers import PostgresServer, RedisServer

from regard.serve.log import EventLog
from regard.serve.stores.book import open_log


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """PostgreSQL for all tests that leave it running."""
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Redis for all tests that leave it running."""
    server = RedisServer()
    server.start()
    yield server
    server.remove()


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
