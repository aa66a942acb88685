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

import pytest
from benchmarks.serve.servers import NotInstalled, RedisServer

from regard.model import Model

MAIN = "from regard.cli.main import main; main()"


@contextmanager
def served(folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-c", MAIN, "serve", str(folder), "--port", "0", "--seconds", "20", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)
    assert process.stderr is not None
    try:
        lines = (json.loads(line) for line in iter(process.stderr.readline, ""))
        line = next(line for line in lines if line["event"] != "worker_started")
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


def test_workers_share_a_store_and_each_sees_what_another_acknowledged(
    coloured: Model, tmp_path: Path
) -> None:
    coloured.save(tmp_path / "model")
    try:
        server = RedisServer()
    except NotInstalled as missing:
        pytest.skip(str(missing))
    try:
        server.start()
        with served(tmp_path / "model", "--store", server.url, "--workers", "2") as (url, process):
            for number in range(20):
                user = f"new{number}"
                event = {"event_id": user, "user_id": user, "item_id": "i1"}
                assert ask(f"{url}/v1/events", event)["stored"] == 1
                assert ask(f"{url}/v1/recommendations", {"user_id": user})["fallback"] is False
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
    finally:
        server.remove()


def test_workers_on_one_file_are_refused(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    options = ["serve", str(tmp_path / "model"), "--workers", "2", "--store", str(tmp_path / "e.db")]
    done = subprocess.run([sys.executable, "-c", MAIN, *options], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "one file of events is written by one process" in done.stderr
