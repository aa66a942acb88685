"""The walk-through of docs/serving.md, as a person types it: every block runs, and does what the text says."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
SHELL = re.findall(r"^```bash\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
PYTHON = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
SETUP = """set -euo pipefail
export PATH="$PWD/bin:$PATH"
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
"""


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def command(name: str, arguments: str, folder: Path) -> None:
    """Make a command that is this interpreter."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
    (folder / name).chmod(0o755)


def test_the_walk_through_does_what_it_says(
    colours: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path
) -> None:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("curl or bash is not installed")
    events, items = colours
    events.write_csv(tmp_path / "events.csv")
    items.write_csv(tmp_path / "items.csv")
    command("regard", "-c 'from regard.cli.main import main; main()'", tmp_path / "bin")
    command("python", "", tmp_path / "bin")
    script = SETUP + "".join(SHELL[:-1]) + "python client.py\n" + SHELL[-1]
    script = script.replace("8000", str(free_port()))
    (tmp_path / "client.py").write_text(PYTHON[0].replace("8000", re.search(r"--port (\d+)", script)[1]))  # type: ignore[index]
    run = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=400, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    said: list[dict[str, Any]] = [
        json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")
    ]
    ready, popular, first, again, listed, why, put, near, allowed, swapped, after = said
    assert ready == {"status": "ready"}
    assert (popular["fallback"], popular["reason"]) == (True, "no_history")
    assert (first["stored"], again["duplicates"]) == (2, 1)
    assert listed["fallback"] is False
    assert [one["item_id"] for one in listed["items"]] != [one["item_id"] for one in popular["items"]]
    assert all(one["why"] for one in listed["items"])
    assert why["explanation"]["item_id"] == "i9"
    assert (put["new"], put["recommendable"]) == (True, True)
    assert len(near["items"]) == 3
    assert "kettle" in [one["item_id"] for one in allowed["items"]]
    assert swapped["version"] != listed["model"]
    assert swapped["users"] == 121
    assert (after["model"], after["fallback"]) == (swapped["version"], False)
