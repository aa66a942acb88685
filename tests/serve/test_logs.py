"""Lines of JSON, which quote nothing that was sent unless that is asked for."""

from __future__ import annotations

import io
import json
import logging

import pytest

from regard.serve.logs import JsonLog


@pytest.mark.parametrize("ids", [False, True])
def test_a_mistake_names_lines_of_code_and_its_message_only_where_ids_may_be_written(ids: bool) -> None:
    stream = io.StringIO()
    log = JsonLog(stream, ids=ids)
    try:
        raise ValueError("user ann@example.org")
    except ValueError as error:
        log.mistake(error, {"request_id": "r1"})
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["error"]) == ("mistake", "error", "ValueError")
    assert "test_logs.py" in line["frames"][-1]
    assert ("ann" in stream.getvalue()) == ids


def test_what_other_libraries_say_becomes_lines_too() -> None:
    stream = io.StringIO()
    JsonLog(stream).take_over("regard.test.logger")
    logging.getLogger("regard.test.logger").warning("a\nb %s", 1)
    line = json.loads(stream.getvalue())
    assert (line["text"], line["level"]) == ("a\nb 1", "warning")


def test_a_stream_that_is_gone_fails_nothing() -> None:
    stream = io.StringIO()
    stream.close()
    log = JsonLog(stream)
    assert log.write("started", {}) is None  # type: ignore[func-returns-value]
    assert stream.closed
