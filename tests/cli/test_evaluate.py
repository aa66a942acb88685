"""``regard evaluate`` measures a saved model."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from regard.cli.evaluate import app


def test_it_prints_a_table_or_json(model_folder: Path) -> None:
    done = CliRunner().invoke(app, [str(model_folder), "--no-baselines"])
    assert done.exit_code == 0, done.output
    assert "NDCG@10" in done.stdout
    document = json.loads(CliRunner().invoke(app, [str(model_folder), "--no-baselines", "--json"]).stdout)
    assert document["main_metric"] == "ndcg@10"


def test_explanations_are_measured_beside_controls(model_folder: Path) -> None:
    arguments = [str(model_folder), "--no-baselines", "--explanations", "--explained-users", "4"]
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    found = document["explanations"]
    assert found["users"] == 4
    assert {"leave one out", "random order"} <= {one["name"] for one in found["methods"]}
    assert len(found["counterfactuals"]) == 4
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    assert "leave one out" in shown.stdout
