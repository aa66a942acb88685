"""The servers that a load is put on, each a process of its own on a free port, ended when it is left.

``regard serve`` as it is started by default, and RecTools' model behind FastAPI (`benchmarks/peers`) in its own
environment. Both have one thread of torch for lists and one process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.common import ROOT, BenchError
from benchmarks.serve.servers import free_port

__all__ = ["Running", "rectools_served", "regard_served"]

_SERVE = "from regard.cli.main import main; main()"
_WAIT = 300.0  # seconds in which a server must be ready


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that answers.

    Parameters
    ----------
    port, process
        Where, and the number of the process.
    """

    port: int
    process: int


@contextmanager
def regard_served(model: Path) -> Iterator[Running]:
    """Start ``regard serve`` with an empty log."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [sys.executable, "-c", _SERVE, "serve", str(model), "--port", str(port)]
        command += ["--store", f"{folder}/events.db", "--seconds", "30"]
        with _started(command, Path(folder), f"http://localhost:{port}/v1/health/ready") as process:
            yield Running(port=port, process=process.pid)


@contextmanager
def rectools_served(python: Path, job: dict[str, Any]) -> Iterator[Running]:
    """Start RecTools behind FastAPI; `job` as `benchmarks/peers/rectools_server.py` reads it."""
    with tempfile.TemporaryDirectory() as folder:
        port, asked = free_port(), Path(folder) / "job.json"
        asked.write_text(json.dumps({**job, "port": port, "store": f"{folder}/events.db"}), encoding="utf-8")
        script = ROOT / "benchmarks" / "peers" / "rectools_server.py"
        command = [str(python), str(ROOT / "benchmarks" / "child.py"), str(script), "serve", str(asked)]
        command.append(f"{folder}/answer.json")
        with _started(command, Path(folder), f"http://localhost:{port}/ready") as process:
            yield Running(port=port, process=process.pid)


@contextmanager
def _started(command: list[str], folder: Path, ready: str) -> Iterator[subprocess.Popen[bytes]]:
    said = folder / "said"
    with said.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file, cwd=folder) as process:
        try:
            end = time.monotonic() + _WAIT
            while not _answers(ready):
                if process.poll() is not None or time.monotonic() > end:
                    tail = said.read_text(encoding="utf-8").splitlines()[-8:]
                    raise BenchError("the server did not start:\n" + "\n".join(tail))
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
