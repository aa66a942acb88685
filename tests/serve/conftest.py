"""The stores that the tests of a log run against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from regard.serve.log import EventLog
from regard.serve.stores.book import open_log


@pytest.fixture(params=["sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty log, in each store in turn."""
    return f"sqlite:///{tmp_path}/events.db"


@pytest.fixture
def log(url: str) -> Iterator[EventLog]:
    """An empty log."""
    opened = open_log(url)
    yield opened
    opened.close()
