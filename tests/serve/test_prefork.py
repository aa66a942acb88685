"""Workers are kept alive; one that cannot start ends them all; SIGTERM ends them gently."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

START = """
import os, sys, time
from regard.serve.prefork import run_workers

def work():
    {work}

sys.exit(run_workers({count}, work, drain=5, say=lambda what, process: print(what, process, flush=True)))
"""


@contextmanager
def started(work: str, count: int = 2) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", START.format(work=work, count=count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> tuple[str, int]:
    assert process.stdout is not None
    what, who = process.stdout.readline().split()
    return what, int(who)


def test_one_that_dies_is_started_again() -> None:
    with started("time.sleep(60)") as process:
        (_, first), (_, second) = said(process), said(process)
        os.kill(first, signal.SIGKILL)
        assert said(process) == ("worker_ended", first)
        what, third = said(process)
        assert what == "worker_started"
        assert third not in (first, second)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        for one in (second, third):
            assert not _runs(one)


def test_one_that_cannot_start_ends_them_all_with_what_it_said() -> None:
    with started("from regard.errors import DataError; raise DataError('no model here')") as process:
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 1
        assert "Traceback" not in errors
        assert "no model here" in errors


def test_one_that_does_not_listen_to_sigterm_is_killed() -> None:
    ignores = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    with started(ignores, count=1) as process:
        _, worker = said(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0
        assert not _runs(worker)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
