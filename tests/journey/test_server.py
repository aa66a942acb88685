"""The server as an operator runs it: a real process, killed gently, started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from regard.model import Model

MAIN = "from regard.cli.main import main; main()"


@contextmanager
def served(folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-c", MAIN, "serve", str(folder), "--port", "0", "--seconds", "20", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)
    assert process.stderr is not None
    try:
        line = json.loads(process.stderr.readline())
        assert line["event"] == "listening", line
        assert any("startup complete" in line for line in iter(process.stderr.readline, "")), "it ended"
        yield f"http://127.0.0.1:{line['port']}", process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ask(url: str, document: Any, key: str | None = None) -> Any:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    with urlopen(Request(url, json.dumps(document).encode(), headers), timeout=60) as answer:
        return json.load(answer)


def test_events_change_a_list_and_a_restart_changes_nothing(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    store = ("--store", str(tmp_path / "events.db"))
    whom = {"user_id": "dora", "k": 8}
    with served(tmp_path / "model", *store) as (url, process):
        popular = ask(f"{url}/v1/recommendations", whom)
        assert popular["reason"] == "no_history"
        for number, item in enumerate(("i1", "i5")):
            event = {"event_id": f"d{number}", "user_id": "dora", "item_id": item}
            assert ask(f"{url}/v1/events", event)["stored"] == 1
        listed = ask(f"{url}/v1/recommendations", whom)
        assert listed["items"] != popular["items"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
    with served(tmp_path / "model", *store) as (url, _):
        assert ask(f"{url}/v1/recommendations", whom)["items"] == listed["items"]


def test_a_server_with_keys_answers_those_who_have_one(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    keys = str(tmp_path / "keys.json")
    made = subprocess.run(
        [sys.executable, "-c", MAIN, "keys", "add", keys], check=True, capture_output=True, text=True
    )
    with served(tmp_path / "model", "--store", str(tmp_path / "e.db"), "--keys", keys) as (url, _):
        assert ask(f"{url}/v1/recommendations", {"user_id": "u1"}, made.stdout.strip())["fallback"] is False
