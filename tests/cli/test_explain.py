"""``regard explain`` names the events that speak for an item."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from regard.cli.explain import app
from regard.data.sources.synthetic import SyntheticWorld
from regard.errors import ConfigError
from regard.model import Model


def test_the_cause_comes_first(model_folder: Path, world: SyntheticWorld) -> None:
    planted = world.planted_histories(1, seed=5)
    arguments = [str(model_folder), "--history", ",".join(planted.histories[0]), "--item", planted.effect[0]]
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert document["events"][0]["item_id"] == planted.cause[0]
    assert "not why" in CliRunner().invoke(app, arguments).stdout


def test_attributes_and_what_another_would_do_are_shown(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    arguments = [str(tmp_path / "model"), "--user", "u0", "--item", "i7", "--instead", "colour=mauve"]
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert {row["field"] for row in document["attributes"]} == {"item_id", "colour", "price"}
    assert document["what_if"]["instead"] == {"colour": "mauve"}
    assert document["what_if"]["unseen"] == ["colour"]
    shown = CliRunner().invoke(app, arguments).stdout
    assert "if its colour were mauve:" in shown
    assert "training did not know colour = mauve" in shown


def test_another_value_without_a_field_is_refused(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    done = CliRunner().invoke(
        app, [str(tmp_path / "model"), "--user", "u0", "--item", "i7", "--instead", "red"]
    )
    assert isinstance(done.exception, ConfigError)
