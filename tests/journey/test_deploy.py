"""The files of deploy/: as far as they can be read where no engine runs."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def test_the_image_runs_as_nobody_special_and_copies_what_there_is() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    words = {word for word, *_ in steps}
    known = {"FROM", "ENV", "RUN", "WORKDIR", "COPY", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}  # fmt: skip
    assert words <= known
    told = {step[0]: step[1] for step in steps}
    assert told["USER"] == "10001:10001"
    assert told["STOPSIGNAL"] == "SIGTERM"
    for word, rest in steps:
        if word == "COPY":
            assert all((DEPLOY.parent / name).exists() for name in rest.split()[:-1])
        if word == "FROM":
            assert re.fullmatch(r"python:3\.\d+-slim", rest)


def test_the_compose_file_names_what_it_uses_and_gives_no_right_away() -> None:
    document = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    server = document["services"]["regard"]
    assert all(port.startswith("127.0.0.1:") for port in server["ports"])
    assert (server["read_only"], server["cap_drop"]) == (True, ["ALL"])
    for service in document["services"].values():
        assert set(service.get("secrets", [])) <= set(document["secrets"])
        assert set(service.get("depends_on", {})) <= set(document["services"])
        named = [volume.split(":")[0] for volume in service["volumes"] if not volume.startswith(".")]
        assert set(named) <= set(document["volumes"])
    assert "password" not in str(server["command"]).lower()


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    unit = DEPLOY / "regard.service"
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(unit.read_text())
    assert parser["Service"]["DynamicUser"] == "yes"
    assert "--keys" in parser["Service"]["ExecStart"]
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    program = tmp_path / "regard"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / "regard.service"
    copy.write_text(unit.read_text().replace("/opt/regard/bin/regard", str(program)))
    run = subprocess.run([tool, "verify", str(copy)], capture_output=True, text=True, check=False)
    told = [line for line in run.stderr.splitlines() if "regard.service" in line]
    assert told == [], run.stderr
