"""``regard recommend`` gives lists for users and for bare histories, with reasons."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from regard.cli.recommend import app
from regard.model import Model


def test_a_user_gets_a_list_with_reasons(model: Model, model_folder: Path) -> None:
    user = model.dataset.users.ids[0]
    done = CliRunner().invoke(app, [str(model_folder), "--user", user, "-k", "2", "--explain", "--json"])
    rows = json.loads(done.stdout)
    assert [row["rank"] for row in rows] == [1, 2]
    assert all(row["why"] for row in rows)


def test_an_unknown_user_is_told_so(model_folder: Path) -> None:
    done = CliRunner().invoke(app, [str(model_folder), "--user", "nobody", "-k", "2"])
    assert done.exit_code == 0
    assert "most popular items" in done.stdout
