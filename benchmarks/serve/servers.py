"""Real servers on free ports of the loopback, in folders of their own, killed as a crash would."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

__all__ = ["NotInstalled", "PostgresServer", "RedisServer", "Server", "free_port"]


class NotInstalled(RuntimeError):  # noqa: N818
    """A server is not on this machine; the message names the package."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server process, its folder and port."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="regard-server-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder)
        log.close()
        end = time.monotonic() + 30
        while not self.ready():
            if time.monotonic() > end:
                raise AssertionError((self.folder / "server.log").read_text())
            if self.process.poll() is not None:  # for instance because the dead server's children still end
                time.sleep(0.1)
                return self.start()
            time.sleep(0.02)
        return None

    def kill(self) -> None:
        """End it and its children at once, as a crash would."""
        if self.process is None:
            return
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        below = children.read_text().split() if children.exists() else []
        for one in [pid, *map(int, below)]:
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        self.process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class RedisServer(Server):
    """Redis, durable unless other settings are given."""

    def __init__(self, **settings: str) -> None:
        if shutil.which("redis-server") is None:
            raise NotInstalled("redis-server is not installed here (Debian package redis-server)")
        super().__init__()
        self.settings = {"appendonly": "yes", "appendfsync": "always", "save": "", **settings}
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        settings = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.folder), **self.settings}
        return ["redis-server", *(word for name, value in settings.items() for word in (f"--{name}", value))]

    def ready(self) -> bool:
        import redis

        with redis.Redis(port=self.port) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def empty(self) -> None:
        import redis

        with redis.Redis(port=self.port) as client:
            client.flushall()


class PostgresServer(Server):
    """PostgreSQL; by a user without rights where the tests run as root, as it wants to."""

    def __init__(self, **settings: str) -> None:
        found = [*Path("/usr/lib/postgresql").glob("*/bin/postgres"), shutil.which("postgres")]
        programs = [Path(one) for one in found if one]
        if not programs:
            raise NotInstalled("PostgreSQL is not installed here (Debian package postgresql)")
        super().__init__()
        self.programs, self.settings = programs[-1].parent, settings
        self.url = f"postgresql://regard@127.0.0.1:{self.port}/postgres"
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        making = [
            "initdb",
            "-D",
            "data",
            "-U",
            "regard",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        subprocess.run(self.as_user(making), cwd=self.folder, check=True, capture_output=True)

    def as_user(self, words: list[str]) -> list[str]:
        user = (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        )
        return [*user, str(self.programs / words[0]), *words[1:]]

    def command(self) -> list[str]:
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", **self.settings}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return self.as_user(["postgres", "-D", str(self.folder / "data"), "-p", str(self.port), *words])

    def ready(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True

    def empty(self) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS regard_events, regard_items, regard_erased, regard_meta")
