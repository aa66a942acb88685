"""Fixtures that more than one room's tests use."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.api import fit
from regard.data.sources.synthetic import SyntheticWorld, WorldConfig
from regard.model import Model
from regard.pipeline import Pipeline

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data beside the project; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real data are not on this machine: {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def world() -> SyntheticWorld:
    """A world whose preferences and causes are known."""
    return SyntheticWorld.make(WorldConfig(users=900, pairs=6), seed=0)


@pytest.fixture(scope="session")
def model(world: SyntheticWorld) -> Model:
    """A model of that world, trained once for all tests."""
    settings = {"width": 64, "max_length": 30, "window": 30, "batch_events": 512, "epochs": 12}
    return fit(
        world.events, items=world.items, recipe="sequential-tiny", settings=settings, split="leave-last-out"
    )


@pytest.fixture(scope="session")
def model_folder(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model, saved."""
    folder = tmp_path_factory.mktemp("models") / "model"
    model.save(folder)
    return folder


@pytest.fixture(scope="session")
def colours() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events of 120 users, each of whom mostly takes items of one of four colours, and the items."""
    draw = np.random.default_rng(0)
    names = np.array(["red", "blue", "green", "gold"])
    colour = draw.integers(0, 4, 60)
    items = pl.DataFrame(
        {
            "item_id": [f"i{item}" for item in range(60)],
            "colour": names[colour],
            "price": draw.lognormal(2, 1, 60).round(2),
        }
    )
    rows = []
    for user in range(120):
        own = np.flatnonzero(colour == user % 4)
        for step in range(10):
            item = draw.choice(own) if draw.random() < 0.9 else draw.integers(60)
            rows.append((f"u{user}", f"i{item}", 1_600_000_000 + 1_000 * step + user))
    return pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row"), items


@pytest.fixture(scope="session")
def coloured(colours: tuple[pl.DataFrame, pl.DataFrame]) -> Model:
    """A model of these events that reads the attributes of the items."""
    events, items = colours
    return fit(events, items=items, recipe="sequential-tiny", settings={"epochs": 8}, split="leave-last-out")


@pytest.fixture(scope="session")
def pipeline(colours: tuple[pl.DataFrame, pl.DataFrame]) -> Pipeline:
    """A model of these events with a second stage."""
    events, items = colours
    settings = {"train.epochs": 3, "blend.examples": 50}
    fitted = fit(events, items=items, recipe="two-stage-tiny", settings=settings, split="leave-last-out")
    assert isinstance(fitted, Pipeline)
    return fitted


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> None:
    """Have Ctrl-C mean what it does at a terminal, also where a shell started the tests in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
