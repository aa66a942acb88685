"""``regard events`` takes a log out of its store, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from tests.serve.examples import event
from typer.testing import CliRunner

from regard.cli.events import app
from regard.errors import ConfigError, StoreDown
from regard.serve.stores.sqlite import SQLiteLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    log = SQLiteLog(tmp_path / "events.db")
    log.append([event(n, user=n % 3, at=n * 1_000_000) for n in range(9)])
    log.put_item("a", {"price": 2})
    log.close()
    return tmp_path / "events.db"


def test_a_log_is_exported_while_its_server_goes_on(path: Path) -> None:
    serving = SQLiteLog(path)
    output = path.parent / "events.parquet"
    done = CliRunner().invoke(app, ["export", str(path), "-o", str(output), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["events"] == 9
    assert pl.read_parquet(output).columns == ["user_id", "item_id", "timestamp"]
    serving.close()


def test_since_is_a_time_of_the_events(path: Path) -> None:
    output = str(path.parent / "events.parquet")
    since = ["--since", "2023-11-14T22:13:25Z"]
    done = CliRunner().invoke(app, ["export", f"sqlite:///{path}", "-o", output, *since, "--json"])
    assert json.loads(done.stdout)["events"] == 4
    done = CliRunner().invoke(app, ["export", str(path), "-o", output, "--since", "yesterday"])
    assert isinstance(done.exception, ConfigError)


def test_a_log_is_copied_and_damage_is_told(path: Path) -> None:
    target = path.parent / "copy.db"
    done = CliRunner().invoke(app, ["copy", str(path), str(target), "--json"])
    assert json.loads(done.stdout) == {"events": 9, "duplicates": 0, "items": 1, "damage": None}
    path.write_bytes(path.read_bytes().replace(b"e7", b"e8"))
    done = CliRunner().invoke(app, ["copy", str(path), str(target), "--json", "--rescue"])
    assert json.loads(done.stdout)["duplicates"] == 7
    assert "number 8" in json.loads(done.stdout)["damage"]


def test_a_log_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(tmp_path / "none.db"), "-o", str(tmp_path / "x.parquet")])
    assert isinstance(done.exception, StoreDown)
    assert list(tmp_path.iterdir()) == []
