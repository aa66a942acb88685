"""Fixtures of the server's tests: real stores, started once, and one house that many tests ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import polars as pl
import pytest
from benchmarks.serve.servers import NotInstalled, PostgresServer, RedisServer, Server
from tests.serve.living import House, living

from regard.api import fit
from regard.model import Model
from regard.serve.log import EventLog
from regard.serve.snapshot import Snapshot
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


@pytest.fixture(scope="session")
def shop_folder(coloured: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that reads attributes, saved."""
    folder = tmp_path_factory.mktemp("shop") / "model"
    coloured.save(folder)
    return folder


@pytest.fixture
def shop(coloured: Model) -> Snapshot:
    """The same as it serves."""
    return Snapshot(model=coloured, version="v1")


@pytest.fixture(scope="module")
def house(shop_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server of that model; tests use users of their own."""
    with living(shop_folder, tmp_path_factory.mktemp("store") / "events.db") as house:
        yield house


@pytest.fixture(scope="session")
def numbered(colours: tuple[pl.DataFrame, pl.DataFrame]) -> Model:
    """A model whose ids are integers, which reads no attributes."""
    events, _ = colours
    numbers = events.with_columns(pl.col("user_id", "item_id").str.slice(1).cast(pl.Int64) + 1)
    settings = {"epochs": 1, "width": 16}
    return fit(numbers, recipe="sequential-tiny", settings=settings, split="leave-last-out")
