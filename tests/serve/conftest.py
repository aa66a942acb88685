"""Fixtures of the server's tests: one house that many tests ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from tests.serve.living import House, living

from regard.api import fit
from regard.model import Model
from regard.serve.snapshot import Snapshot


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
