"""The folder of a run is removed when it ended well, and nothing else with it."""

from __future__ import annotations

from pathlib import Path

from regard.cli.training import clear_work


def test_what_is_not_of_the_run_stays(tmp_path: Path) -> None:
    (tmp_path / "search").mkdir()
    (tmp_path / "mine.txt").write_text("keep")
    clear_work(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
