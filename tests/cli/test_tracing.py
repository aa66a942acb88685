"""``regard recommend --trace`` shows who proposed a candidate and where each stage put it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from regard.cli.evaluate import app as evaluate
from regard.cli.recommend import app as recommend
from regard.cli.tracing import show_trace
from regard.errors import ConfigError
from regard.model import Model
from regard.pipeline import Pipeline
from regard.recommend.reranked import PolicyRequest


@pytest.fixture(scope="module")
def folder(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("traced") / "shop"
    pipeline.save(path)
    return path


def test_the_table_has_the_candidates_of_each_user(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = pipeline.trace(PolicyRequest(users=["u3", "u7"], k=2))
    show_trace(trace.with_columns(title=trace["item_id"]))
    said = capsys.readouterr().out
    assert "candidates of user u3" in said
    assert "candidates of user u7" in said


def test_json_has_lists_and_trace(folder: Path, pipeline: Pipeline) -> None:
    done = CliRunner().invoke(recommend, [str(folder), "--user", "u3", "-k", "4", "--trace", "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    own = pipeline.recommend(users=["u3"], k=4)["item_id"].to_list()
    assert [row["item_id"] for row in document["recommendations"]] == own
    assert [row["item_id"] for row in document["trace"] if row["listed"]] == own


def test_a_policy_and_a_trace_go_together(folder: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text('{"rules": [{"rule": "cap", "column": "colour", "most": 1}]}')
    arguments = [str(folder), "--user", "u3", "-k", "3", "--policy", str(policy), "--trace"]
    done = CliRunner().invoke(recommend, arguments)
    assert done.exit_code == 0, done.output
    assert "candidates of user u3" in done.stdout
    document = json.loads(CliRunner().invoke(recommend, [*arguments, "--json"]).stdout)
    assert set(document) == {"recommendations", "moves", "unmet", "trace"}


def test_a_model_of_one_stage_has_no_trace(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    done = CliRunner().invoke(recommend, [str(tmp_path / "model"), "--user", "u1", "--trace"])
    assert isinstance(done.exception, ConfigError)
    assert "--recipe two-stage" in str(done.exception)


def test_evaluating_says_what_is_handed_over(folder: Path) -> None:
    done = CliRunner().invoke(evaluate, [str(folder), "--no-baselines"])
    assert done.exit_code == 0, done.output
    assert "hand-over: " in done.stdout
    document = json.loads(CliRunner().invoke(evaluate, [str(folder), "--no-baselines", "--json"]).stdout)
    assert document["stages"]["handed_over"]["value"] > 0
