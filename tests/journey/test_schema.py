"""Schemathesis over the OpenAPI document: whatever it makes up, the server answers in time, and never with 5xx."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.serve.living import living, resident

from regard.model import Model

TOOL = Path(sys.executable).with_name("schemathesis")


def test_made_up_requests_are_answered_as_the_document_says(coloured: Model, tmp_path: Path) -> None:
    if not TOOL.is_file():
        pytest.skip("schemathesis is not installed here: pip install 'regard[dev]'")
    coloured.save(tmp_path / "model")
    with living(tmp_path / "model", tmp_path / "events.db") as house:
        command = [str(TOOL), "run", f"http://127.0.0.1:{house.port}/openapi.json", "--seed", "7"]
        command += [
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "20",
            "--request-timeout",
            "30",
        ]
        command += ["--checks", "not_a_server_error,content_type_conformance,response_schema_conformance"]
        command += ["--exclude-path", "/v1/model/reload", "--generation-database", "none", "--no-color"]
        before = resident()
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
        assert run.returncode == 0, run.stdout[-4_000:] + run.stderr[-2_000:]
        assert house.client.get("/v1/health/ready").status_code == 200
        assert resident() - before < 500e6
