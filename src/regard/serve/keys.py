"""Keys: who may do what, from a file that never holds a key itself.

A key is ``regard_ID_SECRET``: its public number, and 256 random bits. The file keeps a salt and the sha256
of salt and secret: of 256 random bits nothing can be guessed, so a slow hash would only slow the server
down. Comparison takes the same time whatever is wrong. The file is read again when it changes, so keys are
given and taken back while the server runs; a file that cannot be read leaves the keys as they were.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal, get_args

from regard.errors import ConfigError
from regard.serve.moments import iso, now

__all__ = ["Key", "KeyFile", "Keys", "Scope"]

Scope = Literal["read", "write", "admin"]
_MARK: Final = "regard"
_BITS: Final = 256
_MOST: Final = 200  # characters of a header that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as the file keeps it.

    Parameters
    ----------
    id
        Public: it may stand in a log.
    name
        For people.
    scopes
        What it may do; ``admin`` may everything.
    salt, digest
        Hexadecimal.
    created
        ISO 8601.
    revoked
        When it was taken back; None: it is good.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    salt: str
    digest: str
    created: str
    revoked: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the key may do something."""
        return self.revoked is None and (scope in self.scopes or "admin" in self.scopes)


def _digest(salt: str, secret: str) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a file, ready to look a key up."""

    by_id: dict[str, Key]

    def find(self, given: str) -> Key | None:
        """Return the key that was given, if it is one and was not revoked."""
        mark, _, rest = given[:_MOST].partition("_")
        name, _, secret = rest.partition("_")
        key = self.by_id.get(name)
        known = key if key is not None else _NOBODY
        same = hmac.compare_digest(_digest(known.salt, secret), known.digest)
        return key if same and mark == _MARK and key is not None and key.revoked is None else None


_NOBODY: Final = Key(id="", name="", scopes=(), salt="00" * 16, digest="00" * 32, created="")


class KeyFile:
    """Keys on disk.

    Parameters
    ----------
    path
        A JSON file, which only its owner may read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self._seen: tuple[object, ...] = ()
        self._keys = Keys({})

    def current(self) -> Keys:
        """Return the keys as they are now; the file is read only where it changed.

        Raises
        ------
        ConfigError
            If it never could be read.
        """
        try:
            found = self.path.stat()
        except OSError:
            return self._or_refuse(f"{self.path}: cannot be read; make it with: regard keys add {self.path}")
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if seen != self._seen:
            try:
                self._keys = Keys({key.id: key for key in self.read()})
            except ConfigError as error:
                return self._or_refuse(str(error))
            self._seen = seen
        return self._keys

    def _or_refuse(self, message: str) -> Keys:
        if not self._seen:
            raise ConfigError(message)
        return self._keys

    def read(self) -> list[Key]:
        """Return all keys, the revoked ones too.

        Raises
        ------
        ConfigError
            If the file is no file of keys, or others than its owner may read it.
        """
        try:
            if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
                raise ConfigError(
                    f"{self.path}: others may read this file; take that back: chmod 600 {self.path}"
                )
            document = json.loads(self.path.read_text(encoding="utf-8"))
            keys = [Key(**{**one, "scopes": tuple(one["scopes"])}) for one in document["keys"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{self.path}: is no file of keys ({type(error).__name__})") from None
        return keys

    def add(self, name: str, scopes: Iterable[Scope]) -> str:
        """Make a key; return it: it is shown this once and kept nowhere.

        Raises
        ------
        ConfigError
            If a scope does not exist, or the file cannot be used.
        """
        wanted = tuple(dict.fromkeys(scopes))
        unknown = [scope for scope in wanted if scope not in get_args(Scope)]
        if unknown or not wanted:
            raise ConfigError(f"scopes are {', '.join(get_args(Scope))}, not {unknown}")
        secret = base64.urlsafe_b64encode(secrets.token_bytes(_BITS // 8)).decode().rstrip("=")
        key = Key(
            id=secrets.token_hex(4),
            name=name,
            scopes=wanted,
            salt=(salt := secrets.token_hex(16)),
            digest=_digest(salt, secret),
            created=iso(now()),
        )
        self._write([*(self.read() if self.path.exists() else []), key])
        return f"{_MARK}_{key.id}_{secret}"

    def revoke(self, key_id: str) -> Key:
        """Take a key back; it is refused from the next request on.

        Raises
        ------
        ConfigError
            If there is no such key.
        """
        keys = self.read()
        found = [key for key in keys if key.id == key_id]
        if not found:
            raise ConfigError(f"{self.path}: there is no key {key_id!r}; regard keys list {self.path}")
        gone = replace(found[0], revoked=found[0].revoked or iso(now()))
        self._write([gone if key.id == key_id else key for key in keys])
        return gone

    def _write(self, keys: list[Key]) -> None:
        """Replace the file at once: a reader sees the old keys or the new ones."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        document = {"keys": [asdict(key) for key in keys]}
        with tempfile.NamedTemporaryFile(
            "w", dir=self.path.parent, prefix=f".{self.path.name}.", delete=False, encoding="utf-8"
        ) as file:
            json.dump(document, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, self.path)  # NamedTemporaryFile makes files that only their owner may read
