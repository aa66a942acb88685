"""``regard recommend`` gives lists for users and for bare histories, with reasons."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from regard.api import fit
from regard.cli.recommend import app
from regard.model import Model

REGARD = [sys.executable, "-c", "from regard.cli.main import main; main()"]


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


def test_a_policy_says_what_it_moved_left_out_and_could_not_hold(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    far = coloured.recommend(histories=[["i1", "i2"]], k=40)["item_id"][-1]
    rules = [
        {"rule": "pin", "item": far, "position": 2},
        {"rule": "pin", "item": "no such item", "position": 3},
        {"rule": "cap", "column": "colour", "most": 1},
    ]
    (tmp_path / "policy.json").write_text(json.dumps({"rules": rules}))
    command = [str(tmp_path / "model"), "--history", "i1,i2", "-k", "3", "--candidates", "20"]
    command += ["--policy", str(tmp_path / "policy.json"), "--include-seen"]

    plain = CliRunner().invoke(app, [*command, "--exclude", far, "--explain"])
    assert plain.exit_code == 0, plain.output
    assert f"not held: 'pin {far}': item '{far}' may not be recommended here" in " ".join(
        plain.stdout.split()
    )
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0, shown.output
    words = " ".join(shown.stdout.split())
    assert "moved" in words
    assert "left out: " in words
    assert "not held: 'pin no such item': item 'no such item' is not in the catalogue" in words

    document = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert list(document) == ["recommendations", "moves", "unmet"]
    pinned = document["recommendations"][1]
    assert (pinned["item_id"], pinned["score"], pinned["source"]) == (far, None, "policy")
    assert pinned["moved"] == f"put at 2 by 'pin {far}'"
    assert {move["rule"] for move in document["moves"]} == {f"pin {far}", "cap colour"}
    assert document["unmet"][0]["user"] == 0


def test_a_list_of_which_a_policy_leaves_nothing_is_told(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    block = {"rule": "block", "column": "colour", "values": ["red", "blue", "green", "gold"]}
    (tmp_path / "policy.json").write_text(json.dumps({"rules": [block]}))
    command = [str(tmp_path / "model"), "--user", "u1", "-k", "2", "--policy", str(tmp_path / "policy.json")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "user u1: the policy leaves nothing" in done.stdout
    assert "left out: i" in done.stdout


def test_what_is_wrong_with_a_policy_is_said_by_file_and_rule(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    path = tmp_path / "policy.json"
    command = [*REGARD, "recommend", str(tmp_path / "model"), "--user", "u1"]
    written = {
        '{"rules": [{"rule": "cap", "column": "color", "most": 1}]}': "rule 1 ('cap color'): the items have "
        "no column 'color'; did you mean 'colour'?",
        '{"rules": [{"rule": "capp"}]}': "rule 1: there is no rule 'capp'; did you mean 'cap'?",
        '{"rules": [\n}': "line 2: this is not JSON",
    }
    for text, message in written.items():
        path.write_text(text)
        done = subprocess.run([*command, "--policy", str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert f"error: {path}, {message}" in done.stderr
        assert "Traceback" not in done.stderr
