"""The demo does the same on the user's own files."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from regard.cli.demo import app
from regard.data.sources.synthetic import SyntheticWorld


def test_it_writes_a_model_and_a_self_contained_report(world: SyntheticWorld, tmp_path: Path) -> None:
    world.events.head(4000).write_parquet(tmp_path / "events.parquet")
    world.items.write_parquet(tmp_path / "items.parquet")
    arguments = ["--out", str(tmp_path / "out"), "--data", str(tmp_path / "events.parquet")]
    arguments += ["--items", str(tmp_path / "items.parquet"), "--set", "epochs=1"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<svg" in page
    assert "<script" not in page
    assert (tmp_path / "out" / "model" / "manifest.json").is_file()
