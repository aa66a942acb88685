"""The report shows how good the model is, and lists with reasons."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from regard.cli.demo_page import write_report
from regard.model import Model


def test_the_page_names_every_system_and_three_users(model: Model, tmp_path: Path) -> None:
    screen = Console(file=io.StringIO())
    report = model.evaluate()
    path = write_report(
        tmp_path / "r.html", model=model, report=report, name="a world", verb=None, screen=screen
    )
    text = path.read_text()
    assert all(one.name in text for one in report.evaluations)
    assert text.count("User user-") == 3
