"""SQLite: nothing acknowledged is lost, whatever the disk, a second process or a flipped bit does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.serve.child import ROOT, Child
from tests.serve.examples import event

from regard.errors import ConfigError, StoreBusy, StoreCorrupt, StoreDown
from regard.serve.events import Numbered
from regard.serve.stores.sqlite import SQLiteLog

Start = Callable[..., Child]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log" / "events.db"


@pytest.fixture
def start() -> Iterator[Start]:
    """Start processes with a log; they are killed at the end."""
    begun: list[Child] = []

    def begin(path: Path, **environment: str) -> Child:
        paths = {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        begun.append(Child(str(path), environment={**os.environ, **paths, **environment}))
        return begun[-1]

    yield begin
    for child in begun:
        child.kill()


def test_a_second_process_is_refused_and_the_message_says_what_to_do(path: Path, start: Start) -> None:
    child = start(path)
    assert child.tell("append 1 1")["last"] == 1
    with pytest.raises(StoreBusy, match=f"number {child.process.pid}.*PostgreSQL or Redis"):
        SQLiteLog(path)
    child.kill()
    log = SQLiteLog(path)
    assert log.last() == 1
    with pytest.raises(StoreBusy):  # nor does this process open it twice
        SQLiteLog(path)
    log.close()


def test_another_process_may_read_while_one_writes(path: Path, start: Start) -> None:
    child = start(path)
    child.tell("append 1 5")
    reader = SQLiteLog(path, read_only=True)
    assert reader.last() == 5
    child.tell("append 6 6")
    assert [one.number for one in reader.read(after=5)] == [6]
    with pytest.raises(StoreDown, match="reading only"):
        reader.append([event(1)])
    reader.close()


def test_reading_what_is_not_there_makes_nothing(path: Path) -> None:
    with pytest.raises(StoreDown):
        SQLiteLog(path, read_only=True)
    assert not path.exists()


def test_what_a_killed_process_acknowledged_is_there(path: Path, start: Start) -> None:
    child = start(path)
    child.tell("append 1 40")
    child.tell("append 41 50")
    child.kill()
    log = SQLiteLog(path)
    assert [one.event.event_id for one in log.read()] == [f"e{n}" for n in range(1, 51)]
    log.close()


def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    import sqlite3

    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (a)")
    other.close()
    with pytest.raises(ConfigError, match="another program"):
        SQLiteLog(path)
    path.write_text("no database at all, but a long enough text " * 10)
    with pytest.raises(StoreCorrupt):
        SQLiteLog(path)


def test_an_erased_user_is_in_none_of_the_files(path: Path) -> None:
    log = SQLiteLog(path)
    for n in range(200):
        secret = n % 4 == 0
        user = "Margarethe-Q" if secret else f"u{n % 5}"
        log.append([event(f"{user}-{n}", user=user, fields={"note": f"{user} wrote {'x' * 300}"})])
    held = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Margarethe-Q" in held
    assert log.delete_user("Margarethe-Q") == 50
    held = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Margarethe-Q" not in held
    assert len(log.read()) == 150
    log.close()
    SQLiteLog(path).close()  # whole, by its own count


def test_a_limit_of_the_file_stops_acknowledging_and_lifting_it_goes_on(path: Path, start: Start) -> None:
    child = start(path)
    child.tell("append 1 100")
    child.tell("limit 600000")
    first, answer = 101, child.tell("append 101 110")
    while "error" not in answer:
        first += 10
        answer = child.tell(f"append {first} {first + 9}")
    assert answer["error"] == "StoreDown"
    child.tell("limit")
    assert child.tell("check") == {}
    assert child.tell(f"append {first} {first + 9}") == {"stored": 10, "duplicates": 0, "last": first + 9}
    child.kill()
    assert [one.event.event_id for one in filled_as(path)] == [f"e{n}" for n in range(1, first + 10)]


def filled_as(path: Path) -> list[Numbered]:
    log = SQLiteLog(path)
    try:
        return log.read()
    finally:
        log.close()


def test_a_full_disk_stops_acknowledging_and_space_goes_on(tmp_path: Path, start: Start) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        child, path = start(disk / "events.db"), disk / "events.db"
        child.tell("append 1 10")
        ballast = disk / "ballast"
        ballast.write_bytes(b"0" * 500_000)
        first, answer = 11, child.tell("append 11 20")
        while "error" not in answer:
            first += 10
            answer = child.tell(f"append {first} {first + 9}")
        assert answer["error"] == "StoreDown"
        assert "full" in answer["text"]
        ballast.unlink()
        assert child.tell(f"append {first} {first + 9}")["stored"] == 10
        child.kill()
        assert len(filled_as(path)) == first + 9
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


@pytest.fixture(scope="module")
def failing_sync(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that makes every sync fail while the file named by FAIL_SYNC exists."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here, so that no sync can be made to fail")
    folder = tmp_path_factory.mktemp("shim")
    (folder / "shim.c").write_text(
        "#include <errno.h>\n#include <stdlib.h>\n#include <unistd.h>\n#include <sys/syscall.h>\n"
        'static int fails(void) { const char *f = getenv("FAIL_SYNC"); return f && !access(f, F_OK); }\n'
        "int fsync(int d) { if (fails()) { errno = EIO; return -1; } return syscall(SYS_fsync, d); }\n"
        "int fdatasync(int d) { if (fails()) { errno = EIO; return -1; } return syscall(SYS_fdatasync, d); }\n"
    )
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "shim.so", folder / "shim.c"], check=True)
    return folder / "shim.so"


def test_a_failing_sync_stops_acknowledging_and_a_working_one_goes_on(
    path: Path, start: Start, failing_sync: Path
) -> None:
    fails = path.parent.parent / "fail"
    child = start(path, LD_PRELOAD=str(failing_sync), FAIL_SYNC=str(fails))
    assert child.tell("append 1 10")["last"] == 10
    fails.touch()
    for _ in range(3):
        answer = child.tell("append 11 20")
        assert answer["error"] == "StoreDown"
        assert str(path) in answer["text"]
    assert child.tell("check")["error"] == "StoreDown"
    fails.unlink()
    assert child.tell("check") == {}
    assert child.tell("append 11 20") == {"stored": 10, "duplicates": 0, "last": 20}
    fails.touch()
    assert child.tell("append 21 30")["error"] == "StoreDown"
    child.kill()  # the file may now hold what was never acknowledged: whole or not at all, and once
    found = [one.event.event_id for one in filled_as(path)]
    assert found in ([f"e{n}" for n in range(1, 21)], [f"e{n}" for n in range(1, 31)])


def test_a_sync_that_fails_while_opening_is_no_log(path: Path, start: Start, failing_sync: Path) -> None:
    SQLiteLog(path).close()
    fails = path.parent.parent / "fail"
    fails.touch()
    child = start(path, LD_PRELOAD=str(failing_sync), FAIL_SYNC=str(fails))
    assert child.process.wait(20) != 0
