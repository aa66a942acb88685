"""Which store a URL names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from regard.errors import ConfigError
from regard.serve.log import EventLog

__all__ = ["open_log"]


def open_log(url: str, *, read_only: bool = False) -> EventLog:
    """Open the log of events that a URL names; a new one is made where there is none.

    Parameters
    ----------
    url
        ``sqlite:///folder/events.db`` (relative; four slashes are absolute), or simply a path;
        ``postgresql://user@host/database``; ``redis://host:6379/0``.
    read_only
        Read only: a log in a file that another process writes to, or that is damaged, can be read so.

    Raises
    ------
    ConfigError
        If the URL names no store that there is.
    StoreError
        If the store cannot be used: down, busy or damaged.
    MissingExtraError
        If the driver is not installed.

    Examples
    --------
    >>> import tempfile
    >>> with_path = open_log(f"sqlite:///{tempfile.mkdtemp()}/events.db")
    >>> with_path.last()
    0
    >>> with_path.close()
    """
    scheme = urlsplit(url).scheme if "://" in url else ""
    if scheme in {"", "sqlite"}:
        from regard.serve.stores.sqlite import SQLiteLog

        return SQLiteLog(Path(url.removeprefix("sqlite:///")).expanduser(), read_only=read_only)
    if scheme in {"postgresql", "postgres"}:
        from regard.serve.stores.postgres import PostgresLog

        return PostgresLog(url)
    if scheme in {"redis", "rediss"}:
        from regard.serve.stores.redis import RedisLog

        return RedisLog(url)
    raise ConfigError(
        f"{scheme}: is no store of events; there are sqlite:///PATH, postgresql://HOST/DATABASE and redis://HOST"
    )
