"""Problem: the answer to a request that cannot be done: a code for programs, a sentence for people.

The answer names nothing of the inside of the server: no path, no class, no trace. It carries the id of the
request, under which the log has the rest.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["CODES", "Problem"]

CODES = {
    "bad_request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "conflict": 409,
    "length_required": 411,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "unprocessable": 422,
    "rate_limited": 429,
    "internal": 500,
    "unavailable": 503,
}


class Problem(Exception):  # noqa: N818 (an answer, not a mistake of the program)
    """A request cannot be done.

    Parameters
    ----------
    code
        One of `CODES`, which tells the status.
    message
        For the caller: what is wrong and what to do.
    retry_after
        Seconds after which the same request may succeed.

    Examples
    --------
    >>> problem = Problem("rate_limited", "too many requests", retry_after=0.2)
    >>> problem.status, problem.headers
    (429, {'retry-after': '1'})
    >>> problem.document("r1")["error"]["code"]
    'rate_limited'
    """

    def __init__(self, code: str, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.retry_after = code, message, retry_after

    @property
    def status(self) -> int:
        """The status of HTTP."""
        return CODES[self.code]

    @property
    def headers(self) -> dict[str, str]:
        """Further headers of the answer."""
        if self.retry_after is None:
            return {}
        return {"retry-after": str(max(1, math.ceil(self.retry_after)))}

    def document(self, request_id: str) -> dict[str, Any]:
        """Return the body of the answer."""
        return {"error": {"code": self.code, "message": self.message, "request_id": request_id}}
