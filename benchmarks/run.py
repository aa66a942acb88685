"""The whole bench, in order, and the page of it.

    python benchmarks/run.py            # everything: hours; go on after an interruption by calling it again
    python benchmarks/run.py --quick    # training, top-k and memory beside their targets, under ten minutes

A step that is done is left out as long as neither the sources nor the benchmarks change; quality and its
curve keep every single run themselves. Peers' environments are made first, so that no step waits for pip.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console

from benchmarks.common import ROOT, WORKSPACE, BenchError
from benchmarks.page import targets, write_page
from benchmarks.peers.venvs import REQUIREMENTS, python_of

_DONE = WORKSPACE / "done.json"


@dataclass(frozen=True)
class _Step:
    """A script of this folder.

    Parameters
    ----------
    name
        Of the script, without ``.py``; its result has ``_`` for ``/``.
    quick
        Whether ``--quick`` runs it too.
    resumes
        Whether it keeps its own parts, so that it is always called.
    """

    name: str
    quick: bool = False
    resumes: bool = False


_STEPS = (
    _Step("training_speed", quick=True),
    _Step("topk", quick=True),
    _Step("catalogues", quick=True),
    _Step("long_histories"),
    _Step("logs"),
    _Step("recommending"),
    _Step("content"),
    _Step("diversity"),
    _Step("ctr"),
    _Step("impressions", resumes=True),
    _Step("selection"),
    _Step("ablation"),
    _Step("levers", resumes=True),
    _Step("study", resumes=True),
    _Step("curve", resumes=True),
    _Step("quality", resumes=True),
    _Step("modalities", resumes=True),
    _Step("cold", resumes=True),
    _Step("pipeline", resumes=True),
    _Step("explanations", resumes=True),
    _Step("explanations_peer", resumes=True),
    _Step("retraining"),
    _Step("explanation_speed"),
    _Step("serve/append"),
    _Step("serve/load"),
    _Step("serve/many"),
    _Step("serve/faults"),
    _Step("warm_start", resumes=True),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only what fits in ten minutes")
    parser.add_argument("--again", action="store_true", help="also steps that are done")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    _make_environments(console, quick=arguments.quick)
    failed = []
    for step in _STEPS:
        if arguments.quick and not step.quick:
            continue
        if not arguments.quick and not arguments.again and not step.resumes and _is_done(step.name):
            console.print(f"[bold]{step.name}[/bold]: is done")
            continue
        console.print(f"[bold]{step.name}[/bold]")
        command = [sys.executable, str(ROOT / "benchmarks" / f"{step.name}.py")]
        if arguments.quick:
            command.append("--quick")
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            failed.append(step.name)
        elif not arguments.quick:
            _mark_done(step.name)
    _conclude(console, failed, quick=arguments.quick)
    sys.exit(1 if failed else 0)


def _make_environments(console: Console, *, quick: bool) -> None:
    for peer in ("rectools",) if quick else REQUIREMENTS:
        console.print(f"environment of {peer}")
        try:
            python_of(peer)
        except BenchError as error:
            console.print(str(error), markup=False)


def _conclude(console: Console, failed: list[str], *, quick: bool) -> None:
    """Print the targets; after a full bench write the page too."""
    if not quick:
        write_page()
    console.print("\n[bold]Targets[/bold]")
    names = {step.name.replace("/", "_") for step in _STEPS if step.quick or not quick}
    for row in targets(prefer_quick=quick):
        if row["file"] in names:
            console.print(row["text"], markup=False)
    for name in failed:
        console.print(f"failed: benchmarks/{name}.py")


def _is_done(name: str) -> bool:
    done = json.loads(_DONE.read_text(encoding="utf-8")) if _DONE.exists() else {}
    return bool(done.get(name) == _fingerprint())


def _mark_done(name: str) -> None:
    WORKSPACE.mkdir(exist_ok=True)
    done = json.loads(_DONE.read_text(encoding="utf-8")) if _DONE.exists() else {}
    _DONE.write_text(json.dumps({**done, name: _fingerprint()}), encoding="utf-8")


def _fingerprint() -> str:
    """Name the sources and the benchmarks as they are now."""
    digest = hashlib.sha256()
    for folder in ("src", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    main()
