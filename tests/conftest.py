"""Fixtures that more than one room's tests use."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.api import fit
from regard.attached import AttachedPipeline, attach_ranker
from regard.data.impression_table import read_impressions
from regard.data.sources.synthetic import SyntheticWorld, WorldConfig
from regard.model import Model
from regard.pipeline import Pipeline
from regard.ranking import RankingModel, fit_ranker

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


@pytest.fixture(scope="session")
def coloured_impressions() -> pl.DataFrame:
    """Impressions of most of the users and items of `colours`, of which each user clicks a third."""
    draw = np.random.default_rng(1)
    rows = []
    for step in range(600):
        user = int(draw.integers(0, 100))
        for item in draw.choice(50, 4, replace=False).tolist():
            click = int(draw.random() < (0.7 if item % 3 == user % 3 else 0.1))
            buy = int(click and draw.random() < 0.4)
            rows.append((step, f"u{user}", f"i{item}", 1_600_000_000 + 20 * step, click, buy))
    names = ["impression_id", "user_id", "item_id", "timestamp", "click", "purchase"]
    return pl.DataFrame(rows, schema=names, orient="row")


@pytest.fixture(scope="session")
def attached_of_kind(coloured: Model, coloured_impressions: pl.DataFrame) -> dict[str, AttachedPipeline]:
    """The model of `colours` with rankers of these impressions behind it, by the histories that they read."""
    given = pl.col("item_id").shift(4).fill_null("i1").alias("history")
    made = {}
    for kind in ("shown", "clicked", "given", "none"):
        log = coloured_impressions if kind != "given" else coloured_impressions.with_columns(given)
        settings = {"train": {"epochs": 2}, "shape": {"width": 16}, "history": kind, "batch_candidates": 128}
        made[kind] = attach_ranker(coloured, fit_ranker(read_impressions(log), settings=settings))
    return made


@pytest.fixture(scope="session")
def both(attached_of_kind: dict[str, AttachedPipeline]) -> AttachedPipeline:
    """One of them, which reads what was shown."""
    return attached_of_kind["shown"]


@pytest.fixture(scope="session")
def impression_ranker(both: AttachedPipeline) -> RankingModel:
    """Its ranker."""
    return both.second.ranker


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> None:
    """Have Ctrl-C mean what it does at a terminal, also where a shell started the tests in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
