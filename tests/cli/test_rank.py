"""``regard rank`` as a user types it: fit, score, evaluate, and mistakes in one message."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from regard.attached import AttachedPipeline
from regard.cli.rank import app
from regard.cli.recommend import app as recommend
from regard.errors import ConfigError, DataError, RegardError, SchemaError
from regard.model import Model

# `regard rank` in a program that presses Ctrl-C in the third step of the second epoch.
INTERRUPTED = """
import signal, sys
from regard.cli.rank import app
from regard.train.hooks import Progress
told = Progress.step
def step(self, done):
    told(self, done)
    if (done.epoch, done.step) == (2, 3):
        signal.raise_signal(signal.SIGINT)
Progress.step = step
signal.signal(signal.SIGINT, signal.default_int_handler)
app(sys.argv[1:])
"""
SMALL = ["--set", "train.epochs=2", "--set", "shape.width=8", "--set", "hidden=16"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log in which each user clicks items of one half, and buys some of them."""
    draw = np.random.default_rng(0)
    user, item = draw.integers(0, 20, 1500), draw.integers(0, 30, 1500)
    click = (user % 2 == item % 2) & (draw.random(1500) < 0.8)
    log = pl.DataFrame(
        {
            "impression_id": np.arange(1500) // 5,
            "user_id": [f"u{one}" for one in user[np.arange(1500) // 5 * 5]],
            "item_id": [f"i{one}" for one in item],
            "timestamp": 1_600_000_000 + np.arange(1500) // 5 * 60,
            "click": click.astype(int),
            "purchase": (click & (draw.random(1500) < 0.5)).astype(int),
        }
    ).unique(["impression_id", "item_id"], keep="first", maintain_order=True)
    path = tmp_path_factory.mktemp("shown") / "shown.csv"
    log.write_csv(path)
    return path


@pytest.fixture(scope="module")
def ranker(shown: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rankers") / "ranker"
    done = CliRunner().invoke(
        app, ["fit", str(shown), "-o", str(folder), "--split", "time:0.8", *SMALL, "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["actions"] == ["click", "purchase"]
    return folder


def test_scores_have_a_row_a_candidate_best_first_and_a_value_of_their_own(
    ranker: Path, shown: Path, tmp_path: Path
) -> None:
    output = tmp_path / "scores.parquet"
    arguments = ["score", str(ranker), str(shown), "--split", "time:0.8", "-o", str(output)]
    done = CliRunner().invoke(app, [*arguments, "--value", "purchase*10 + click"])
    assert done.exit_code == 0, done.output
    scores = pl.read_parquet(output)
    assert scores.columns == ["impression", "user_id", "item_id", "click", "purchase", "value", "rank"]
    worth = 10 * scores["purchase"] + scores["click"]
    assert np.allclose(scores["value"], worth)
    for _, part in scores.group_by("impression"):
        assert part["rank"].to_list() == list(range(1, len(part) + 1))
        assert part["value"].is_sorted(descending=True)
    plain = CliRunner().invoke(app, arguments)
    assert plain.exit_code == 0
    assert pl.read_parquet(output)["value"].equals(pl.read_parquet(output)["click"].rename("value"))


def test_labels_need_not_be_there_to_score(ranker: Path, tmp_path: Path) -> None:
    asked = tmp_path / "asked.csv"
    rows = {"user_id": ["u1", "u1", "new"], "item_id": ["i1", "i2", "new"], "timestamp": [1_700_000_000] * 3}
    pl.DataFrame(rows).write_csv(asked)
    done = CliRunner().invoke(app, ["score", str(ranker), str(asked), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [row["item_id"] for row in found] == ["i1", "i2", None]
    assert "more rows" not in CliRunner().invoke(app, ["score", str(ranker), str(asked)]).stdout


def test_it_is_measured_for_each_action_on_what_came_later(ranker: Path, shown: Path) -> None:
    arguments = ["evaluate", str(ranker), str(shown), "--split", "time:0.8"]
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert set(document) == {"click", "purchase"}
    assert document["click"]["candidates"] < 400
    assert document["click"]["metrics"]["log_loss"]["value"] < 0.75
    done = CliRunner().invoke(app, [*arguments, "--value", "purchase"])
    assert done.exit_code == 0, done.output
    assert "gauc" in done.stdout


def test_a_ranker_is_put_behind_a_model_and_its_trace_is_shown(
    both: AttachedPipeline, tmp_path: Path
) -> None:
    model, ranker, output = (str(tmp_path / name) for name in ("model", "ranker", "both"))
    both.retrieval.save(model)
    both.second.ranker.save(ranker)
    arguments = [
        "attach",
        model,
        ranker,
        "-o",
        output,
        "--value",
        "purchase*10 + click",
        "--set",
        "similar=5",
    ]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["known_items"], document["items"]) == (50, 60)
    assert document["value"] == "purchase*10 + click"
    done = CliRunner().invoke(recommend, [output, "--user", "u3", "-k", "3", "--trace"])
    assert done.exit_code == 0, done.output
    assert "value: what the order is by" in " ".join(done.stdout.split())
    assert "unknown to the ranker" in done.stdout
    done = CliRunner().invoke(app, [*arguments[:-4], "--value", "buy"])
    assert "there is no action 'buy'" in str(done.exception)


def test_ctrl_c_keeps_the_best_so_far_and_resume_ends_as_if_nothing_had_happened(
    shown: Path, tmp_path: Path
) -> None:
    small = [*SMALL, "--set", "train.epochs=3", "--split", "time:0.8"]
    whole, output = str(tmp_path / "whole"), str(tmp_path / "ranker")
    assert CliRunner().invoke(app, ["fit", str(shown), "-o", whole, *small]).exit_code == 0
    command = [sys.executable, "-c", INTERRUPTED, "fit", str(shown), "-o", output, *small]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "stopped early" in done.stderr
    assert (tmp_path / "ranker.work").is_dir()
    again = CliRunner().invoke(app, ["fit", str(shown), "-o", output, *small, "--resume"])
    assert again.exit_code == 0, again.output
    assert not (tmp_path / "ranker.work").exists()
    for name in ("weights.safetensors", "feedback.safetensors", "request.safetensors"):
        assert (tmp_path / "ranker" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_report_is_written_where_it_is_asked_for(ranker: Path, shown: Path, tmp_path: Path) -> None:
    pytest.importorskip("altair")
    report = tmp_path / "ranker.html"
    done = CliRunner().invoke(app, ["evaluate", str(ranker), str(shown), "--report", str(report)])
    assert done.exit_code == 0, done.output
    assert report.read_text(encoding="utf-8").count("Share that happened") >= 2
    assert "calibration error" in done.stdout


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        (["--value", "buy*10"], ConfigError, "there is no action 'buy'"),
        (["-o", "scores.txt"], ConfigError, r"write \.parquet or \.csv"),
        (["--log", "mnd"], DataError, "did you mean 'mind'"),
        (["--columns", "user_id"], ConfigError, "give our name and yours"),
        (["--columns", "user_id=who"], SchemaError, "who"),
        (["--split", "time:2090-01-01"], RegardError, "no impression is from"),
    ],
)
def test_a_mistake_is_said(
    ranker: Path, shown: Path, more: list[str], error: type[RegardError], message: str
) -> None:
    done = CliRunner().invoke(app, ["score", str(ranker), str(shown), *more])
    assert isinstance(done.exception, error)
    with pytest.raises(error, match=message):
        raise done.exception


def test_a_folder_that_is_no_ranker_and_labels_of_one_class_are_refused(
    coloured: Model, shown: Path, tmp_path: Path
) -> None:
    coloured.save(tmp_path / "model")
    done = CliRunner().invoke(app, ["score", str(tmp_path / "model"), str(shown)])
    assert "holds no ranker" in str(done.exception)
    alike = tmp_path / "alike.csv"
    pl.read_csv(shown).with_columns(click=pl.lit(0), purchase=pl.lit(0)).write_csv(alike)
    done = CliRunner().invoke(app, ["fit", str(alike), "-o", str(tmp_path / "none")])
    assert isinstance(done.exception, RegardError)
    assert "labels of 'click' are 0" in str(done.exception)
    done = CliRunner().invoke(app, ["fit", str(shown), "-o", str(tmp_path / "none"), "--set", "epoch=1"])
    assert "did you mean 'train.epochs'" in str(done.exception)
