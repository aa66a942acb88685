"""Strict JSON: what a request may hold, and nothing that two readers could understand differently.

Refused, beside what is no JSON: NaN and Infinity, numbers that a double or 64 bits cannot hold, a name
twice in one object, half a character (a lone surrogate), text that is not UTF-8, and nesting below a stated
depth. It knows no request.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from regard.errors import DataError

__all__ = ["parse"]

_DIGITS = 19  # of the largest integer of 64 bits
_BITS = 63
_CONTAINERS = (dict, list)


def parse(body: bytes, *, depth: int) -> Any:
    """Return what `body` says.

    Parameters
    ----------
    body
        UTF-8, without a byte order mark.
    depth
        So many arrays and objects may lie in one another.

    Raises
    ------
    DataError
        If it is no strict JSON; the message says what is wrong and holds nothing of the body but a name.

    Examples
    --------
    >>> parse(b'{"k": 10}', depth=2)
    {'k': 10}
    >>> parse(b'{"k": 10, "k": 20}', depth=2)
    Traceback (most recent call last):
    regard.errors.DataError: 'k' is named twice in one object
    """
    try:
        text = body.decode("utf-8")
        document = json.loads(
            text,
            object_pairs_hook=_named_once,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_whole,
        )
    except UnicodeDecodeError as error:
        raise DataError(f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise DataError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise DataError(_too_deep(depth)) from None
    if body.count(b"[") + body.count(b"{") > depth or b"\\u" in body:
        _check(document, depth)
    return document


def _check(document: Any, depth: int) -> None:
    """Walk level by level, so that no depth of nesting can exhaust the stack."""
    level, below = [document], 0
    while level:
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner.extend(value)
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
            elif isinstance(value, str):
                _check_text(value)
        below += any(isinstance(value, _CONTAINERS) for value in level)
        if below > depth:
            raise DataError(_too_deep(depth))
        level = inner


def _check_text(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise DataError("a text holds half a character (a lone surrogate)") from None


def _too_deep(depth: int) -> str:
    return f"nested more than {depth} deep"


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise DataError(f"{twice[:64]!a} is named twice in one object")
    return made


def _no_constant(name: str) -> NoReturn:
    raise DataError(f"{name} is no number of JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise DataError("a number is too large for a double")
    return value


def _whole(digits: str) -> int:
    value = int(digits) if len(digits) <= _DIGITS + 1 else 1 << _BITS
    if not -(1 << _BITS) <= value < 1 << _BITS:
        raise DataError("an integer has more than 64 bits")
    return value
