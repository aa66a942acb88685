"""A process with a log, told what to do by lines: ``append FIRST LAST``, ``check``, ``limit BYTES``, ``close``.

    python -m tests.serve.child URL

It answers each with a line of JSON: what `append` returned, or the class and the text of the error.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.serve.examples import event

from regard.errors import RegardError
from regard.serve.log import EventLog
from regard.serve.stores.book import open_log

ROOT = Path(__file__).resolve().parents[2]


class Child:
    """Such a process, as the tests hold it."""

    def __init__(self, url: str, *, environment: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "tests.serve.child", url]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, line: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


def obey(log: EventLog, verb: str, *numbers: str) -> dict[str, Any]:
    if verb == "append":
        first, last = map(int, numbers)
        done = log.append([event(n, fields={"text": "x" * 1000}) for n in range(first, last + 1)])
        return {"stored": done.stored, "duplicates": done.duplicates, "last": done.last}
    if verb == "limit":
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(numbers[0]) if numbers else hard, hard))
    elif verb == "check":
        log.check()
    else:
        log.close()
    return {}


def main() -> None:
    log = open_log(sys.argv[1])
    for line in sys.stdin:
        try:
            answer = obey(log, *line.split())
        except RegardError as error:
            answer = {"error": type(error).__name__, "text": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
