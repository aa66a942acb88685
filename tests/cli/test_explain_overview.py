"""``regard explain --overview`` adds explanations up."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from regard.cli.explain import app
from regard.model import Model


def test_it_shows_what_drives_the_model(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    arguments = [str(tmp_path / "model"), "--overview", "6"]
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert document["users"] == 6
    assert {row["field"] for row in document["attributes"]} == {"item_id", "colour", "price"}
    shown = CliRunner().invoke(app, [*arguments, "--top", "3"])
    assert shown.exit_code == 0, shown.output
    assert "first items of 6 users" in shown.stdout


def test_without_an_item_it_says_what_to_give(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    done = CliRunner().invoke(app, [str(tmp_path / "model"), "--user", "u0"])
    assert done.exit_code == 2
    assert "--overview" in done.output
