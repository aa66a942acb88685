"""A problem has a status, a code and a sentence."""

from __future__ import annotations

from regard.serve.problems import CODES, Problem


def test_every_code_has_a_status_of_http() -> None:
    assert all(400 <= Problem(code, "").status < 600 for code in CODES)


def test_a_time_after_which_to_come_again_is_whole_seconds_and_at_least_one() -> None:
    assert Problem("unavailable", "", retry_after=0.01).headers == {"retry-after": "1"}
    assert Problem("unavailable", "", retry_after=1.2).headers == {"retry-after": "2"}
    assert Problem("bad_request", "").headers == {}
