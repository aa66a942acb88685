"""``regard explain`` names the events that speak for an item."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from regard.cli.explain import app
from regard.data.sources.synthetic import SyntheticWorld


def test_the_cause_comes_first(model_folder: Path, world: SyntheticWorld) -> None:
    planted = world.planted_histories(1, seed=5)
    arguments = [str(model_folder), "--history", ",".join(planted.histories[0]), "--item", planted.effect[0]]
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert document["events"][0]["item_id"] == planted.cause[0]
    assert "not why" in CliRunner().invoke(app, arguments).stdout
