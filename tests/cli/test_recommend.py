"""``regard recommend`` gives lists for users and for bare histories, with reasons."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from regard.api import fit
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


def test_when_it_is_asked_counts_for_a_model_that_reads_the_calendar(
    colours: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path
) -> None:
    settings = {"epochs": 1, "calendar": True}
    fit(colours[0], recipe="sequential-tiny", settings=settings).save(tmp_path / "model")

    scores = []
    for at in ("2024-05-01T20:00", "2024-05-04T03:00"):
        asked = [str(tmp_path / "model"), "--user", "u1", "-k", "5", "--at", at, "--json"]
        scores.append([row["score"] for row in json.loads(CliRunner().invoke(app, asked).stdout)])

    assert scores[0] != scores[1]
