"""Heads of requests are bounded in size, and a port that is taken is said."""

from __future__ import annotations

import socket

import pytest
from tests.serve.living import House

from regard.errors import ConfigError
from regard.serve import supervise
from regard.serve.supervise import listen


def sent(house: House, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", house.port), timeout=20) as wire:
        try:
            wire.sendall(data)
            answer = b""
            while part := wire.recv(65_536):
                answer += part
        except ConnectionError:
            return b""
        return answer


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/model HTTP/1.1\r\nhost: localhost\r\nx-long: " + b"a" * 2_000_000,
        b"GET /v1/model HTTP/1.1\r\nhost: localhost\r\n" + b"x-many: 1\r\n" * 50_000 + b"\r\n",
        b"GET /" + b"a" * 2_000_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ],
)
def test_a_head_that_is_too_large_is_hung_up_on(house: House, head: bytes) -> None:
    assert b"200 OK" not in sent(house, head)
    assert house.client.get("/v1/health/live").status_code == 200


def test_a_head_that_never_ends_is_hung_up_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "_HEAD_SECONDS", 0.2)
    assert sent(house, b"GET /v1/model HTTP/1.1\r\nhost:") == b""


def test_requests_on_one_connection_are_answered_one_after_another(house: House) -> None:
    one = b"GET /v1/health/live HTTP/1.1\r\nhost: localhost\r\n"
    answer = sent(house, one + b"\r\n" + one + b"connection: close\r\n\r\n")
    assert answer.count(b"200 OK") == 2


@pytest.mark.parametrize(
    "junk", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\x00" * 100, b"POST / HTTP/9.9\r\n\r\n"]
)
def test_what_is_no_http_is_refused(house: House, junk: bytes) -> None:
    assert b"200 OK" not in sent(house, junk + b"\r\n\r\n")


def test_a_port_that_is_taken_is_said(house: House) -> None:
    with pytest.raises(ConfigError, match="cannot be listened on"):
        listen("127.0.0.1", house.port)
