"""``regard keys`` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from regard.cli.keys import app
from regard.serve.keys import KeyFile


def test_a_key_is_made_listed_and_taken_back(tmp_path: Path) -> None:
    file, run = tmp_path / "keys.json", CliRunner().invoke
    key = run(app, ["add", str(file), "--name", "shop", "--scope", "read"]).output.strip()
    assert KeyFile(file).current().find(key) is not None
    listed = json.loads(run(app, ["list", str(file), "--json"]).output)
    assert (listed[0]["name"], listed[0]["scopes"], listed[0]["revoked"]) == ("shop", ["read"], None)
    assert key.split("_")[2] not in run(app, ["list", str(file)]).output
    run(app, ["revoke", str(file), listed[0]["id"]])
    assert "revoked" in run(app, ["list", str(file)]).output
    assert KeyFile(file).current().find(key) is None
