"""Fixtures that more than one room's tests use."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.api import fit
from regard.data.sources.synthetic import SyntheticWorld, WorldConfig
from regard.model import Model

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
