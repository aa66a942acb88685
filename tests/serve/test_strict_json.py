"""What is refused, and that nothing crashes whatever bytes come."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.errors import DataError
from regard.serve.strict_json import parse

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)
PIECES = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        '"a"',
        ":",
        ",",
        "1",
        "NaN",
        "-Infinity",
        "1e999",
        '"\\ud800"',
        "true",
        "null",
        " ",
        '"',
        "\\",
    ]
)


@given(VALUES)
def test_what_strict_json_can_say_is_read_as_it_is(value: object) -> None:
    assert parse(json.dumps(value).encode(), depth=100) == value


@settings(max_examples=2_000, deadline=None)
@given(st.binary(max_size=60) | st.lists(PIECES, max_size=14).map(lambda parts: "".join(parts).encode()))
def test_any_bytes_are_read_or_refused_in_words(body: bytes) -> None:
    read = []
    with contextlib.suppress(DataError):
        read.append(parse(body, depth=6))
    for document in read:
        written = json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
        assert parse(written, depth=6) == document


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"NaN", "NaN is no number"),
        (b"[Infinity]", "Infinity is no number"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"1e999", "too large for a double"),
        (b"9223372036854775808", "64 bits"),
        (b"-" + b"9" * 5_000, "64 bits"),
        (b'{"a": 1, "a": 1}', "'a' is named twice"),
        (b'{"a": 1, "\\u0061": 2}', "'a' is named twice"),
        (b'["\\ud800"]', "half a character"),
        (b'{"\\udfff": 1}', "half a character"),
        (b"\xff\xfe1\x00", "not UTF-8"),
        (b"\xef\xbb\xbf1", "not JSON"),
        (b"[" * 8 + b"]" * 8, "more than 6 deep"),
        (b"[" * 100_000, "more than 6 deep"),
        (b'{"a":' * 100_000, "more than 6 deep"),
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse(body, depth=6)


def test_depth_counts_what_lies_in_one_another_and_not_what_lies_beside() -> None:
    assert parse(b"[[],[],[],[]]", depth=2) == [[], [], [], []]
    assert parse(b"[[[]]]", depth=3) == [[[]]]
    with pytest.raises(DataError, match="more than 2 deep"):
        parse(b"[[[]]]", depth=2)
