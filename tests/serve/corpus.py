"""A corpus of bad requests, always the same: what a fuzzer, a broken client or an attacker sends.

Each is made from a good request by one thing that is wrong with it. `SECRET` stands in texts that no answer
may repeat.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["SECRET", "Bad", "corpus"]

SECRET = "s3cr3t"
_JSON = ((b"host", b"localhost"), (b"content-type", b"application/json"))
_BODIES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/v1/events", {"event_id": "b1", "user_id": "ann", "item_id": "i1", "fields": {"paid": 1.5}}),
    ("POST", "/v1/events", {"events": [{"event_id": "b2", "user_id": 7, "item_id": "i2", "type": "view"}]}),
    ("POST", "/v1/recommendations", {"user_id": "u1", "k": 3, "deny": ["i1"], "exclude_seen": True}),
    (
        "POST",
        "/v1/recommendations",
        {"history": ["i1", "i2"], "times": [1_700_000_000, "2024-01-01"], "k": 2},
    ),
    ("POST", "/v1/explanations", {"user_id": "u1", "item_id": "i3", "language": "en"}),
    ("PUT", "/v1/items/bad", {"attributes": {"colour": "red", "price": 9.5}}),
)
_PATHS = (
    ("GET", "/v1/items/{}/similar"),
    ("DELETE", "/v1/items/{}"),
    ("PUT", "/v1/items/{}"),
    ("GET", "/v1/users/{}/export"),
    ("GET", "/{}"),
    ("GET", "/v1/{}"),
)
_NUMBERS = (
    "1e999", "-1e999", "9" * 400, "-" + "9" * 5_000, str(2**63), str(-(2**63) - 1), str(2**64), "1e308",
    "0.1e-400", "00", "-", "+1", ".5", "5.", "0x10", "1_000", "1e", "--1", "\u0663", "1" + "0" * 20 + ".0",
)  # fmt: skip
_NONSENSE = ("NaN", "Infinity", "-Infinity", "nan", "None", "undefined", "True", "'a'", "/* */ 1")
_WRONG: tuple[Any, ...] = (
    None, True, False, -1, 0, 3.5, 2**62, "", " ", "x", f"{SECRET}\0", "\u202e", [], [[]], {}, {"a": {"b": 1}},
    [None], [True], ["i1"] * 1_001, "k" * 5_000, [1, "a", None], {"": 0}, "2024-13-45", "99999-01-01", -(2**63),
)  # fmt: skip
_HALVES = (rb"\ud800", rb"\udfff", rb"\ud83d\ud83d", rb"\udc00\ud800", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80")
_IDS = (
    "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "C:\\Windows\\win.ini", "file:///etc/passwd",
    "http://169.254.169.254/latest", "....//", ".", "..", "~root", "$(id)", "`id`", "'; DROP TABLE events;--",
    "{{7*7}}", "%00", "a\0b", "a\nb: c", "\r\nset-cookie: a=b", "\u2028", "\ufeff", "x" * 257, "x" * 5_000, "%s%n",
    "<script>", "-" * 300, "9" * 30, "1e5", "NaN", "__proto__", "constructor", "\U0001f600" * 300, "\u0000",
)  # fmt: skip
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-type", b"text/plain"), (b"content-type", b""), (b"content-type", b"application/json\0"),
    (b"content-type", b"application/jsonp"), (b"content-type", b"\xff\xfe"), (b"content-length", b"-1"),
    (b"content-length", b"1e3"), (b"content-length", b"9" * 30), (b"content-length", b"\xb2"),
    (b"content-length", b""), (b"content-length", b"0x10"), (b"host", b"evil.example"), (b"host", b""),
    (b"host", b"localhost@evil.example"), (b"host", b"[::1"), (b"host", b"\xff"), (b"host", b"a" * 5_000),
)  # fmt: skip
_HARMLESS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-request-id", b"<b>"), (b"x-request-id", b"a" * 5_000), (b"x-request-id", b"\xff\0"),
    (b"authorization", b"Bearer " + SECRET.encode() * 200), (b"authorization", b"\xff"), (b"cookie", b"=" * 5_000),
    (b"traceparent", b"00-zz-zz-01"), (b"accept", b"\0"), (b"accept-encoding", b"gzip;q=" + b"9" * 400),
    (b"transfer-encoding", b"chunked, identity"), (b"expect", b"100-continue"), (b"range", b"bytes=-1-"),
    (b"x-forwarded-for", b"'"), (b"x-http-method-override", b"DELETE"), (b"", b""), (b"\xff", b"\xff"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A request with something wrong.

    Parameters
    ----------
    kind
        What is wrong.
    refused
        Whether every answer but a refusal is a mistake; else the request may happen to be good.
    method, path, query, headers, body
        What is sent; the body in parts.
    ends
        Whether the whole body comes; else the caller goes away in the middle of it.
    """

    kind: str
    refused: bool
    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = _JSON
    body: tuple[bytes, ...] = (b"",)
    ends: bool = True


def corpus(size: int, *, seed: int = 7) -> Iterator[Bad]:
    """Yield `size` requests, each kind as often as every other."""
    draw = random.Random(seed)
    for number in range(size):
        yield _KINDS[number % len(_KINDS)](draw)


def _good(draw: random.Random) -> tuple[Bad, dict[str, Any]]:
    method, path, document = draw.choice(_BODIES)
    return Bad(kind="", refused=False, method=method, path=path), json.loads(json.dumps(document))


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Return every place of a document, as who holds it and under which name or number."""
    names = document.keys() if isinstance(document, dict) else range(len(document))
    found = []
    for name in list(names):
        found.append((document, name))
        if isinstance(document[name], dict | list):
            found += _places(document[name])
    return found


def _written(draw: random.Random, raw: bytes) -> tuple[Bad, bytes]:
    """Return a good request with `raw` in place of one of its values."""
    bad, document = _good(draw)
    holder, name = draw.choice(_places(document))
    holder[name] = "@@"
    return bad, json.dumps(document).encode().replace(b'"@@"', raw)


def _cut(draw: random.Random) -> Bad:
    bad, document = _good(draw)
    body = json.dumps(document).encode()
    return replace(bad, kind="cut", refused=True, body=(body[: draw.randrange(len(body))],))


def _flipped(draw: random.Random) -> Bad:
    bad, document = _good(draw)
    body = bytearray(json.dumps(document).encode())
    for _ in range(draw.randint(1, 4)):
        body[draw.randrange(len(body))] = draw.randrange(256)
    return replace(bad, kind="flipped", body=(bytes(body),))


def _noise(draw: random.Random) -> Bad:
    bad, _ = _good(draw)
    return replace(bad, kind="noise", refused=True, body=(b"\0" + draw.randbytes(draw.randint(0, 200)),))


def _deep(draw: random.Random) -> Bad:
    depth, opening = draw.choice((7, 50, 1_000, 100_000)), draw.choice((b"[", b'{"a":', b'[{"a":'))
    bad, body = _written(draw, opening * depth + b"1" + b"]" * draw.choice((0, depth)))
    return replace(bad, kind="deep", refused=True, body=(body,))


def _number(draw: random.Random) -> Bad:
    bad, body = _written(draw, draw.choice(_NUMBERS).encode())
    return replace(bad, kind="number", body=(body,))


def _nonsense(draw: random.Random) -> Bad:
    bad, body = _written(draw, draw.choice(_NONSENSE).encode())
    return replace(bad, kind="nonsense", refused=True, body=(body,))


def _twice(draw: random.Random) -> Bad:
    bad, document = _good(draw)
    name = draw.choice(list(document))
    again = name if draw.random() < 0.5 else "\\u%04x%s" % (ord(name[0]), name[1:])  # noqa: UP031
    value = json.dumps(draw.choice((document[name], None, SECRET)))
    body = json.dumps(document)[:-1] + f', "{again}": {value}}}'
    return replace(bad, kind="twice", refused=True, body=(body.encode(),))


def _wrong(draw: random.Random) -> Bad:
    bad, document = _good(draw)
    holder, name = draw.choice(_places(document))
    holder[name] = draw.choice(_WRONG)
    if draw.random() < 0.2:
        document[draw.choice(("k ", "admin", "__class__", "policy", "K"))] = SECRET
    return replace(bad, kind="wrong", body=(json.dumps(document).encode(),))


def _half(draw: random.Random) -> Bad:
    bad, body = _written(draw, b'"' + draw.choice(_HALVES) + b'"')
    return replace(bad, kind="half", refused=True, body=(body,))


def _id(draw: random.Random) -> Bad:
    bad, document = _good(draw)
    said = draw.choice(_IDS)
    names = [one for one in ("event_id", "user_id", "item_id") if one in document]
    if names:
        document[draw.choice(names)] = said
        return replace(bad, kind="id", body=(json.dumps(document).encode(),))
    method, path = draw.choice(_PATHS)
    return Bad(kind="id", refused=False, method=method, path=path.format(said))


def _header(draw: random.Random) -> Bad:
    bad, document = _good(draw)
    name, value = draw.choice(_HEADERS)
    headers = (*(one for one in _JSON if one[0] != name), (name, value))
    return replace(
        bad, kind="header", refused=True, headers=headers, body=(json.dumps(document).encode()[:-1],)
    )


def _harmless(draw: random.Random) -> Bad:
    bad, document = _good(draw)
    headers = (*_JSON, *draw.sample(_HARMLESS, 3))
    return replace(bad, kind="harmless", headers=headers, body=(json.dumps(document).encode()[:-1],))


def _query(draw: random.Random) -> Bad:
    said = draw.choice(
        (b"k=0", b"k=-1", b"k=1e3", b"k=" + b"9" * 400, b"k=%00", b"k=a&k=b", b"k=\xff", b"k=3.5")
    )
    return Bad(kind="query", refused=True, method="GET", path="/v1/items/i1/similar", query=said)


def _method(draw: random.Random) -> Bad:
    method = draw.choice(("PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "", SECRET))
    _, path, _ = draw.choice(_BODIES)
    return Bad(kind="method", refused=True, method=method, path=path)


def _large(draw: random.Random) -> Bad:
    bad, _ = _good(draw)
    part = draw.choice((b" ", b"[", b'"')) * (1 << 17)
    return replace(bad, kind="large", refused=True, body=(part,) * 9)


def _left(draw: random.Random) -> Bad:
    bad, document = _good(draw)
    body = json.dumps(document).encode()
    cut = draw.randrange(len(body))
    return replace(bad, kind="left", refused=True, body=(body[:cut],), ends=False)


_KINDS: tuple[Callable[[random.Random], Bad], ...] = (
    _cut, _flipped, _noise, _deep, _number, _nonsense, _twice, _wrong, _half, _id, _header, _harmless, _query,
    _method, _large, _left, _wrong, _id, _number, _flipped, _cut, _wrong,
)  # fmt: skip
